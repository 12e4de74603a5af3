"""`python -m ml.datasets`."""

import sys

from ml.datasets.command import main

if __name__ == "__main__":
    sys.exit(main())
