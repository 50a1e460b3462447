"""Compare recipes on equal terms: `scripts/compare.py A.yaml B.yaml --data ROOT --minutes 9`."""

import signal
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from experiments.compare.command import main

if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # which stops the trainings, too
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
    except (ValueError, OSError) as error:
        sys.exit(f"compare: error: {' '.join(str(error).split())}")
