"""Secrets of an embedded installation: made once, kept beside the database, readable by its owner only."""

import os
import secrets
from contextlib import suppress
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

LENGTH = 64


def kept_secret(folder: Path, name: str, *, opens: Path | None = None) -> str:
    """The secret called `name`, made on first use. Two processes starting at once agree on one value.

    `opens` is the file that cannot be read without it: while that exists, a lost secret is not replaced.
    Raises ImproperlyConfigured.
    """
    file = folder / name
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not file.exists():
            if opens and opens.exists():
                raise ImproperlyConfigured(f"密钥文件 {file} 不见了，没有它 {opens} 读不出来：请从备份恢复。")
            _make(file)
        secret = file.read_text().strip()
    except OSError as why:
        raise ImproperlyConfigured(
            f"数据目录 {folder} 无法读写（{why.strerror}）：请用 SHEBAO_DATA_DIR 指定可写的文件夹。"
        ) from None
    if len(secret) < LENGTH:
        raise ImproperlyConfigured(f"密钥文件 {file} 不完整：应有 {LENGTH} 个字符，请从备份恢复。")
    return secret


def _make(file: Path) -> None:
    draft = file.with_name(f".{file.name}.{os.getpid()}")
    draft.touch(mode=0o600)
    draft.write_text(secrets.token_hex(LENGTH // 2))
    with suppress(FileExistsError):  # somebody else was first: theirs is the secret
        os.link(draft, file)
    draft.unlink()
