"""`python -m ml.eda`."""

import sys

from ml.eda.command import main

if __name__ == "__main__":
    sys.exit(main())
