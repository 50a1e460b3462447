"""Serve a page for trying models: `python scripts/serve.py RUN [RUN ...]`."""

import sys

from gan.cli.main import run

if __name__ == "__main__":
    sys.exit(run("serve"))
