"""Find problems of a dataset: `python scripts/inspect_data.py datasets/monet`."""
# Not inspect.py: Python puts this folder first on the path of every script in it, so that file
# would shadow the standard library's `inspect`, which dataclasses and torch import.

import sys

from gan.cli.main import run

if __name__ == "__main__":
    sys.exit(run("inspect"))
