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
python -m benchmarks ranks --folder /tmp/bench                   # two processes, as predicted?
python -m benchmarks state --folder /tmp/bench                   # saving and resuming
python -m benchmarks index --folder /tmp/bench                   # the list of a folder's images
python -m benchmarks scaling --measured '[/tmp/bench]'           # docs/scaling.md, filled
"""

import sys

from jsonargparse import auto_cli

from benchmarks.export import export
from benchmarks.index import index
from benchmarks.library import library
from benchmarks.loader import loader
from benchmarks.processes import processes
from benchmarks.profile import where_time_goes
from benchmarks.ranks import ranks
from benchmarks.recipes import recipes
from benchmarks.scaling.command import scaling
from benchmarks.state import state
from benchmarks.tiles import tiles
from benchmarks.training import train
from benchmarks.translate import translate
from gan.cli.errors import one_line

if __name__ == "__main__":
    try:
        auto_cli(
            [
                export,
                index,
                library,
                loader,
                processes,
                ranks,
                recipes,
                scaling,
                state,
                tiles,
                train,
                translate,
                where_time_goes,
            ],
            as_positional=False,
        )
    except ValueError as error:
        sys.exit(f"benchmarks: error: {one_line(error)}")
