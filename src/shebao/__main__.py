"""`python -m shebao`."""

import sys

from shebao.cli import main

if __name__ == "__main__":
    sys.exit(main())
