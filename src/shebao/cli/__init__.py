"""The `shebao` command: a dispatcher over modules that are imported only when their command is asked for."""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import NoReturn

#: command → the module whose `add_parsers` defines it; only the module of the command at hand is imported, so
#: that calculating a contribution needs neither Django nor a database.
COMMANDS = {
    "serve": "serving",
    "demo": "serving",
    "open-agency": "opening",
    "emergency-access": "opening",
    "test-signing-key": "signing",
    "issue-test-certificate": "certificates",
    "sign": "certificates",
    "verify-submission": "certificates",
    "check-ledger": "checking",
    "verify-audit": "checking",
    "reconcile": "checking",
    "housekeeping": "checking",
    "recompute": "recomputing",
    "assess": "assessing",
    "retention": "keeping",
    "functions": "checking",
    "region": "regions",
    "calculate": "regions",
}
#: What argparse says, and how we say it.
SAYINGS = [
    (r"the following arguments are required: (?P<a>.+)", "缺少参数 {a}"),
    (r"argument [^:]+: invalid choice: '?(?P<a>[^'()]*)'? \(choose from (?P<b>.+)\)", "没有“{a}”，可用：{b}"),
    (r"unrecognized arguments: (?P<a>.+)", "不认识的参数 {a}"),
    (r"argument (?P<a>.+?): expected .+", "{a} 后面要有值"),
    (r"argument (?P<a>.+?): (?P<b>.+)", "{a}：{b}"),
]


class CannotRun(Exception):
    """One plain sentence for the person at the terminal, who can put it right; ends the command with status 2."""


class _Formatter(argparse.HelpFormatter):
    """The help as who keeps a hall reads it."""

    def add_usage(self, usage, actions, groups, prefix=None):
        super().add_usage(usage, actions, groups, "用法：" if prefix is None else prefix)

    def _get_default_metavar_for_optional(self, action):
        return "值"


class _Commands(argparse._SubParsersAction):
    """Each command says in its own help, too, what it does."""

    def add_parser(self, name, **more):
        return super().add_parser(name, description=more.get("help"), **more)


class _Parser(argparse.ArgumentParser):
    """Says in Chinese how it is used, and in one line what is wrong and where the usage can be read."""

    def __init__(self, **more):
        super().__init__(**more | {"add_help": False, "formatter_class": _Formatter})
        self.register("action", "parsers", _Commands)
        self._positionals.title, self._optionals.title = "参数", "选项"
        self.add_argument("-h", "--help", action="help", help="显示本说明")

    def error(self, message: str) -> NoReturn:
        for pattern, saying in SAYINGS:
            if found := re.fullmatch(pattern, message):
                message = saying.format(**found.groupdict())
                break
        self.exit(2, f"{message}。用法见 {self.prog} --help\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit status. Bad input ends with 2 and one plain sentence on stderr."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    asked = COMMANDS.get(words[0] if words else "")
    parser = _Parser(prog="shebao", description="社会保险企业网上服务大厅")
    subparsers = parser.add_subparsers(title="命令", dest="command", metavar="命令", required=True)
    for name in [asked] if asked else dict.fromkeys(COMMANDS.values()):
        import_module(f"shebao.cli.{name}").add_parsers(subparsers)
    options = parser.parse_args(words)
    try:
        status = int(options.run(options) or 0)
        sys.stdout.flush()
    except CannotRun as why:
        sys.stderr.write(f"{why}\n")
        return 2
    except BrokenPipeError:  # `shebao region list | head -1`: the reader has had enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    return status
