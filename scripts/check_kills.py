"""Kill a run again and again with SIGKILL, and compare it with one that was left alone.

python scripts/check_kills.py --kills 30 --folder /tmp/kills
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from jsonargparse import auto_cli

from tests.killing import kill_and_compare

if __name__ == "__main__":
    auto_cli(kill_and_compare, as_positional=False)
