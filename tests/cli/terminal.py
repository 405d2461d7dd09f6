"""The `shebao` command as a process of its own."""

import os
import socket
import subprocess
import sys
from pathlib import Path

SOURCE = Path(__file__).parents[2] / "src"


def shebao(*words: str, code: Path = SOURCE, cwd: Path, **variables: str) -> subprocess.CompletedProcess:
    """Run one command with the code in `code`; `variables` are put into its environment."""
    clean = {key: value for key, value in os.environ.items() if not key.startswith(("SHEBAO_", "DJANGO_", "REGIONS_"))}
    return subprocess.run(
        [sys.executable, "-m", "shebao", *words],
        cwd=cwd, env={**clean, "PYTHONPATH": str(code), **variables}, capture_output=True, text=True, check=False,
        timeout=120,
    )  # fmt: skip


def free_port() -> int:
    """A port that is free, and so is the next one."""
    while True:
        with socket.socket() as first, socket.socket() as second:
            first.bind(("127.0.0.1", 0))
            port = first.getsockname()[1]
            try:
                second.bind(("127.0.0.1", port + 1))
            except (OSError, OverflowError):
                continue
            return port
