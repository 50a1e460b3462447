"""A page to try models on: `python scripts/serve.py RUN [RUN ...]`."""

import sys

from gan.cli.main import run

if __name__ == "__main__":
    sys.exit(run("serve"))
