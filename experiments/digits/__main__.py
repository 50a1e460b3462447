"""Run the experiment: `python -m experiments.digits --mnist MNIST --folder FOLDER`."""

import sys

from jsonargparse import auto_cli

from experiments.digits.digits import digits

if __name__ == "__main__":
    sys.exit(auto_cli(digits, as_positional=False))
