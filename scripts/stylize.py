"""Paint a photograph like a painting: `python scripts/stylize.py --content ... --style ...`."""

import sys

from gan.cli.main import run

if __name__ == "__main__":
    sys.exit(run("stylize"))
