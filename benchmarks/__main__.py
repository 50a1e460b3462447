"""Measure the claims of the documents on this machine; run nothing else meanwhile.

python -m benchmarks library --folder /tmp/bench                 # ours, bare network, loop
python -m benchmarks library --folder /tmp/bench --channels 8 --side 800
python -m benchmarks processes --folder /tmp/bench               # one process, two
python -m benchmarks tiles --folder /tmp/bench --height 10000 --width 12000
python -m benchmarks train --sides [128]                    # against a plain schedule
python -m benchmarks where_time_goes --precision bf16            # a step's time by kernels
python -m benchmarks loader --folder /tmp/bench                  # decoding, the cache
python -m benchmarks recipes --recipes '[paper, small]' --keys '["data.crop_size=64"]'
python -m benchmarks translate --compile true                    # against the plain schedule
python -m benchmarks export --generators '[resnet_9blocks, mobile]'  # ONNX in three precisions
"""

import sys

from jsonargparse import auto_cli

from benchmarks.export import export
from benchmarks.library import library
from benchmarks.loader import loader
from benchmarks.processes import processes
from benchmarks.profile import where_time_goes
from benchmarks.recipes import recipes
from benchmarks.tiles import tiles
from benchmarks.training import train
from benchmarks.translate import translate
from gan.cli.errors import one_line

if __name__ == "__main__":
    try:
        auto_cli(
            [export, library, loader, processes, recipes, tiles, train, translate, where_time_goes],
            as_positional=False,
        )
    except ValueError as error:
        sys.exit(f"benchmarks: error: {one_line(error)}")
