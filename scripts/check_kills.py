"""Kill a training, a translation or an augmentation again and again, and compare the result with
that of one that was left alone.

python scripts/check_kills.py train --folder /tmp/kills --kills 30
python scripts/check_kills.py translate --folder /tmp/kills --kills 20
python scripts/check_kills.py augment --folder /tmp/kills --kills 20
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from jsonargparse import auto_cli

from tests.killing import augment, train, translate

if __name__ == "__main__":
    auto_cli([train, translate, augment], as_positional=False)
