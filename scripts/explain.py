"""Look inside a model: `python scripts/explain.py --model RUN --input photo.jpg`."""

import sys

from gan.cli.main import run

if __name__ == "__main__":
    sys.exit(run("explain"))
