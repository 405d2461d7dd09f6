"""The `shebao` command: a dispatcher over modules that are imported only when their command is asked for."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from importlib import import_module

#: command → the module whose `add_parsers` defines it; only the module of the command at hand is imported, so
#: that calculating a contribution needs neither Django nor a database.
COMMANDS = {
    "serve": "serving",
    "demo": "serving",
    "check-ledger": "checking",
    "verify-audit": "checking",
    "functions": "checking",
    "region": "regions",
    "calculate": "regions",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit status. Bad input ends with 2 and one plain sentence on stderr."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    asked = COMMANDS.get(words[0] if words else "")
    parser = argparse.ArgumentParser(prog="shebao", description="社会保险企业网上服务大厅")
    subparsers = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for name in [asked] if asked else dict.fromkeys(COMMANDS.values()):
        import_module(f"shebao.cli.{name}").add_parsers(subparsers)
    options = parser.parse_args(words)
    return int(options.run(options) or 0)
