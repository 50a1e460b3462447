"""Write an HTML report about one or several runs: `python scripts/report.py RUN RUN RUN`."""

import sys

from gan.cli.main import run

if __name__ == "__main__":
    sys.exit(run("report"))
