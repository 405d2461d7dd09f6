"""`python -m shebao …` is `shebao …`."""

import sys

from .cli import main

sys.exit(main())
