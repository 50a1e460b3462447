"""Make a dataset from images and videos: `python scripts/prepare.py --output DATASET --a ...`."""

import sys

from gan.cli.main import run

if __name__ == "__main__":
    sys.exit(run("prepare"))
