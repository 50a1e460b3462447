"""Measure on this machine what the documents claim; nothing else should run meanwhile.

python scripts/benchmark.py library --folder /tmp/bench                 # ours, bare network, loop
python scripts/benchmark.py library --folder /tmp/bench --channels 8 --side 800
python scripts/benchmark.py processes --folder /tmp/bench               # one process, two
python scripts/benchmark.py tiles --folder /tmp/bench --height 10000 --width 12000
python scripts/benchmark.py train --sides [128]                    # against a plain schedule
python scripts/benchmark.py where_time_goes --precision bf16            # a step's time by kernels
python scripts/benchmark.py loader --folder /tmp/bench                  # decoding, the cache
python scripts/benchmark.py translate --compile true                    # against the plain schedule
"""

import sys

from jsonargparse import auto_cli

from gan.benchmark.library import library
from gan.benchmark.loader import loader
from gan.benchmark.processes import processes
from gan.benchmark.profile import where_time_goes
from gan.benchmark.tiles import tiles
from gan.benchmark.training import train
from gan.benchmark.translate import translate
from gan.cli import one_line

if __name__ == "__main__":
    try:
        auto_cli(
            [library, loader, processes, tiles, train, translate, where_time_goes],
            as_positional=False,
        )
    except ValueError as error:
        sys.exit(f"benchmark.py: error: {one_line(str(error))}")
