"""Measure on this machine what the documents claim; nothing else should run meanwhile.

python scripts/benchmark.py library --folder /tmp/bench                 # ours, bare network, loop
python scripts/benchmark.py library --folder /tmp/bench --channels 8 --side 800
python scripts/benchmark.py processes --folder /tmp/bench               # one process, two
python scripts/benchmark.py tiles --folder /tmp/bench --height 10000 --width 12000
python scripts/benchmark.py train --sides [128]                    # against a plain schedule
python scripts/benchmark.py where_time_goes --precision bf16            # a step's time by kernels
"""

from jsonargparse import auto_cli

from gan.benchmark.library import library
from gan.benchmark.processes import processes
from gan.benchmark.profile import where_time_goes
from gan.benchmark.tiles import tiles
from gan.benchmark.training import train

if __name__ == "__main__":
    auto_cli([library, processes, tiles, train, where_time_goes], as_positional=False)
