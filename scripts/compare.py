"""Compare recipes on equal terms: `python scripts/compare.py A.yaml B.yaml --data ROOT --minutes 20`."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from experiments.compare.command import main  # noqa: E402

if __name__ == "__main__":
    sys.exit(main())
