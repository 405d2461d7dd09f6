"""Secrets of an embedded installation: made once, kept beside the database, readable by its owner only."""

import os
import secrets
from contextlib import suppress
from pathlib import Path


def kept_secret(folder: Path, name: str) -> str:
    """The secret called `name`, made on first use. Two processes starting at once agree on one value."""
    file = folder / name
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    if not file.exists():
        draft = folder / f".{name}.{os.getpid()}"
        draft.write_text(secrets.token_hex(32))
        draft.chmod(0o600)
        with suppress(FileExistsError):  # somebody else was first: theirs is the secret
            os.link(draft, file)
        draft.unlink()
    return file.read_text().strip()
