"""Convert a generator's file: `python scripts/convert.py horse2zebra.pth gen_ab.safetensors`."""

import sys

from gan.cli.main import run

if __name__ == "__main__":
    sys.exit(run("convert"))
