"""A drill in a process of its own, with a database in a file, where what is written is really written."""

import json
import os
import subprocess
import sys
from pathlib import Path

from drill.scratch import MIGRATED

ROOT = Path(__file__).parents[2]


def told_by(script: str):
    """What a script of Python tells in its last line, as JSON."""
    command = [sys.executable, "-W", "ignore", "-c", script]
    environment = {"PYTHONPATH": f"{ROOT / 'src'}:{ROOT}", "PATH": "/usr/bin:/bin", MIGRATED: os.environ[MIGRATED]}
    answer = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stderr[-2000:]
    return json.loads(answer.stdout.splitlines()[-1])
