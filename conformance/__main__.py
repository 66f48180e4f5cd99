"""`python -m chatconform` is the command `chatconform`."""

import sys

from chatconform.frontends.cli import main

if __name__ == "__main__":
    sys.exit(main())
