"""Measure translating a large image in tiles."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from benchmarks.machine import report, timed
from benchmarks.pictures import write_model
from gan.images import write_image
from gan.inference.translator import Translator


def tiles(
    folder: Path,
    height: int = 3000,
    width: int = 4000,
    channels: int = 64,
    tile: int = 512,
    whole_side: int = 1024,
) -> None:
    """Translate a large image in tiles, and a smaller one in one piece before and after.

    Args:
        folder: Folder for images and temporary files; it is created and kept.
        height: Height of the large image in pixels.
        width: Width of the large image in pixels.
        channels: Width of the ResNet with nine blocks.
        tile: Side of a tile in pixels.
        whole_side: Side of the image that is translated in one piece.
    """
    folder.mkdir(parents=True, exist_ok=True)
    model = write_model(folder, channels)
    translator = Translator.load(model)
    small = torch.randint(0, 256, (1, 3, whole_side, whole_side), dtype=torch.uint8)
    translator.translate_batch(small[..., :256, :256])
    before = timed(lambda: translator.translate_batch(small))
    picture = np.random.default_rng(0).integers(
        0, 256, (height // 8, width // 8, 3), dtype=np.uint8
    )
    source = folder / "large.tif"
    write_image(Image.fromarray(picture).resize((width, height)), source)
    del picture
    measure = "import sys, time; from gan.cli.main import main; t = time.perf_counter(); "
    measure += "code = main(sys.argv[1:]); "
    measure += "print(code, time.perf_counter() - t, "
    measure += (
        "[line for line in open('/proc/self/status') if line.startswith('VmHWM')][0].split()[1])"
    )
    command = ["translate", "--model", str(model), "--input", str(source), "--tile", str(tile)]
    command += ["--output", str(folder / "large-translated.tif"), "--overwrite"]
    command += ["--max_megapixels", str(height * width / 1e6 + 1)]
    done = subprocess.run(
        [sys.executable, "-c", measure, *command], check=True, stdout=subprocess.PIPE, text=True
    )
    code, seconds, peak = done.stdout.split()
    after = timed(lambda: translator.translate_batch(small))
    whole = (before + after) / 2 / (whole_side**2 / 1e6)
    tiled = float(seconds) / (height * width / 1e6)
    report(
        channels=channels, megapixels=round(height * width / 1e6, 1), tile=tile, status=int(code),
        seconds=round(float(seconds), 1), seconds_per_megapixel=round(tiled, 2),
        whole_seconds_per_megapixel=[round(t / (whole_side**2 / 1e6), 2) for t in (before, after)],
        tiled_to_whole=round(tiled / whole, 3), peak_resident_gb=round(int(peak) / 1e6, 2),
        disk_gb=round(translator.scratch_bytes(height, width) / 1e9, 2),
    )  # fmt: skip
