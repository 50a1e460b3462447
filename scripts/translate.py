"""Translate an image or a folder: `python scripts/translate.py --model RUN --input ...`."""

import sys

from gan.cli.main import run

if __name__ == "__main__":
    sys.exit(run("translate"))
