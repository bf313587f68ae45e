"""`python -m spark` is the command `spark`."""

import sys

from spark.cli import main

if __name__ == "__main__":
    sys.exit(main())
