"""Compare translating a folder with one process and with two."""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

from benchmarks.machine import report
from benchmarks.pictures import prepare


def processes(folder: Path, channels: int = 64, images: int = 40, side: int = 256) -> None:
    """Translate a folder with one process and with two, with one thread each.

    Args:
        folder: Folder for photographs and translations; it is created and kept.
        channels: Width of the ResNet with nine blocks.
        images: Number of photographs.
        side: Their mean side in pixels.
    """
    photos, model = prepare(folder, channels, images, side)
    times = {}
    for count in (1, 2):
        output = folder / f"processes-{count}"
        shutil.rmtree(output, ignore_errors=True)
        launcher = ["-m", "torch.distributed.run", "--standalone", "--nproc_per_node", str(count)]
        command = ["-m", "gan.cli", "translate", "--device", "cpu", "--threads", "1"]
        command += ["--model", str(model)]
        command += ["--input", str(photos), "--output", str(output)]
        started = time.perf_counter()
        subprocess.run(
            [sys.executable, *launcher, *command],
            check=True,
            env=os.environ | {"OMP_NUM_THREADS": "1"},
        )
        times[count] = time.perf_counter() - started
    one, two = (
        {path.name: path.read_bytes() for path in (folder / f"processes-{count}").iterdir()}
        for count in (1, 2)
    )
    report(
        channels=channels, images=images, seconds={k: round(v, 1) for k, v in times.items()},
        two_to_one=round(times[2] / times[1], 3), equal_files=one == two,
    )  # fmt: skip
