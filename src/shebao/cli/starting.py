"""Start Django for a command, or say in one sentence why it cannot start."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from pkgutil import iter_modules

from . import CannotRun

UNUSABLE = (
    ("password authentication failed", "账号或密码不对"),
    ("no password supplied", "没有写密码"),
    ("connection refused", "数据库服务器没有启动，或端口不对"),
    ("could not translate host name", "找不到数据库服务器的名字"),
    ("failed to resolve host", "找不到数据库服务器的名字"),
    ("timeout", "数据库服务器没有应答"),
    ("timed out", "数据库服务器没有应答"),
    ("no pg_hba.conf entry", "数据库服务器不让这台机器、这个账号连接"),
    ("certificate", "加密连接的证书不对"),
    ("ssl", "加密连接没有建立"),
    ("role", "没有这个数据库账号，或账号的权限不够"),
    ("does not exist", "没有这个库或表"),
    ("permission denied", "数据库账号的权限不够"),
    ("no such table", "库里没有网厅的表"),
    ("unable to open database file", "数据库文件打不开，请检查文件夹和权限"),
    ("not a database", "文件不是数据库，或已损坏"),
    ("malformed", "数据库文件已损坏，请用备份恢复"),
    ("locked", "数据库正被别的程序占用"),
    ("readonly", "数据库文件只能读，请检查权限"),
    ("disk", "磁盘已满或读写出错"),
)
"""What a database says, as its words begin to tell → what an administrator reads; the first that fits."""


def why_unusable(bad: Exception) -> str:
    """Why a database cannot be used, in words; what nobody has put into words yet is quoted."""
    said = str(bad).strip().splitlines()[0] if str(bad).strip() else type(bad).__name__
    plain = str(bad).lower()
    return next((words for sign, words in UNUSABLE if sign in plain), f"原话是“{said}”")


@contextmanager
def in_words() -> Iterator[None]:
    """Turn what an administrator can put right into a sentence; a mistake of the program stays an error."""
    from django.core.exceptions import ImproperlyConfigured
    from django.db import DatabaseError

    from shebao.rules.region import BadRegion

    try:
        yield
    except ImproperlyConfigured as bad:
        raise CannotRun(str(bad)) from None
    except BadRegion as bad:
        raise CannotRun(f"地区文件夹有误，请改正后再试：\n{bad}") from None
    except DatabaseError as bad:
        raise CannotRun(
            f"数据库不能使用：{why_unusable(bad)}。请核对 SHEBAO_DATABASE_URL 和 SHEBAO_DATA_DIR。"
        ) from None
    except OSError as bad:
        raise CannotRun(f"无法读写 {bad.filename}：{bad.strerror}。请检查权限和磁盘空间。") from None


def start_django() -> None:
    """Read the settings (the embedded ones unless told) and load the applications. Raises CannotRun."""
    module = os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shebao.config.settings.embedded")
    import django

    with in_words():
        try:
            django.setup()
            _refuse_unsafe()
        except ModuleNotFoundError as missing:
            if missing.name and module.startswith(missing.name):
                raise CannotRun(f"没有设置模块“{module}”，请核对 DJANGO_SETTINGS_MODULE。") from None
            raise


def _refuse_unsafe() -> None:
    from django.conf import settings

    from shebao.config.safety import refuse_unsafe

    if getattr(settings, "SHEBAO_IS_PRODUCTION", False):
        refuse_unsafe(settings)


def start_with_database() -> None:
    """As `start_django`, for a command that reads what is there: the database must exist and be up to date."""
    start_django()
    from django.conf import settings
    from django.db import connection

    if connection.vendor == "sqlite" and not Path(settings.DATABASES["default"]["NAME"]).exists():
        file = settings.DATABASES["default"]["NAME"]
        raise CannotRun(
            f"没有数据库 {file}：请在数据所在的文件夹运行，或用 SHEBAO_DATA_DIR 指明；新装的先运行一次 shebao serve。"
        )
    with in_words():
        missing = _missing_steps()
    if missing:
        raise CannotRun(f"数据库还差 {missing} 步升级：请先运行 shebao serve，或 django-admin migrate。")


def _missing_steps() -> int:
    """How many migrations the database lacks.

    Reading all of them takes longer than many a command: where each file is on record as applied, nothing is missing.
    """
    from django.apps import apps
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor
    from django.db.migrations.loader import MigrationLoader
    from django.db.migrations.recorder import MigrationRecorder

    applied = set(MigrationRecorder(connection).applied_migrations())
    for app in apps.get_app_configs():
        module, _ = MigrationLoader.migrations_module(app.label)
        spec = find_spec(module) if module else None
        files = iter_modules(spec.submodule_search_locations) if spec else ()
        if any((app.label, file.name) not in applied for file in files if file.name[0] not in "_~"):
            executor = MigrationExecutor(connection)
            return len(executor.migration_plan(executor.loader.graph.leaf_nodes()))
    return 0
