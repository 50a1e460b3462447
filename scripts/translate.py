"""Translate an image or a folder of images: `python scripts/translate.py --model RUN --direction ab
...`."""

import sys

from gan.cli import run

if __name__ == "__main__":
    sys.exit(run("translate"))
