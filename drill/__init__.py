"""Drills: what must not go wrong, tried hard and counted. `make drill` runs them long; tests/drill runs them short.

Every drill is replayable by its seed, works through the product's own doors, and counts instead of claiming.
"""

import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
if str(ROOT / "src") not in sys.path:
    sys.path.insert(0, str(ROOT / "src"))
