"""Train a CycleGAN: `accelerate launch train.py --config configs/paper.yaml --data.root ROOT
--run.dir DIR`."""

import sys

from gan.cli.main import run

if __name__ == "__main__":
    sys.exit(run("train"))
