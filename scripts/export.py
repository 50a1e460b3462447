"""Write a generator for other programs: `python scripts/export.py RUN --format onnx ...`."""

import sys

from gan.cli.main import run

if __name__ == "__main__":
    sys.exit(run("export"))
