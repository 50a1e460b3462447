"""One HTML file about a run: `python scripts/report.py --model RUN`."""

import sys

from gan.cli.main import run

if __name__ == "__main__":
    sys.exit(run("report"))
