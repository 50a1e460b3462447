"""Measure the quality of a model: `python scripts/evaluate.py --model RUN --root DATA`."""

import sys

from gan.cli.main import run

if __name__ == "__main__":
    sys.exit(run("evaluate"))
