"""One HTML file about a run or several: `python scripts/report.py --model RUN`, or `... RUN RUN`."""

import sys

from gan.cli.main import run

if __name__ == "__main__":
    sys.exit(run("report"))
