"""Translate a labeled dataset to another domain: `python scripts/augment.py --model RUN ...`."""

import sys

from gan.cli.main import run

if __name__ == "__main__":
    sys.exit(run("augment"))
