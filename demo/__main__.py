"""Run the demo's steps before and after its training: `python -m demo prepare --root datasets/demo`
and `python -m demo report --run checkpoints/demo --root datasets/demo`."""

import sys

from jsonargparse import auto_cli

from demo.dataset import prepare
from demo.report import report


def main() -> int:
    """Run a step and return its exit status; print an error of the input in one line."""
    try:
        return auto_cli([prepare, report], as_positional=False) or 0
    except (ValueError, OSError) as error:
        print(f"demo: error: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
