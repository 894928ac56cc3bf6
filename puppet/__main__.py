"""`python -m puppet` is the `puppet` command."""

import sys

from puppet.cli import main

if __name__ == "__main__":
    sys.exit(main())
