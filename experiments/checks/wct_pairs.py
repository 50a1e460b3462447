"""Measure whether `gan stylize --method wct` transfers the style of a given painting.

python -m experiments.checks.wct_pairs --photographs ROOT/testA --paintings PAINTINGS \
    --alexnet ALEXNET --decoder checkpoints/wct --folder /tmp/wct
"""

import json
import sys
import time
from collections.abc import Sequence
from itertools import permutations
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jsonargparse import auto_cli
from numpy.typing import NDArray
from PIL import Image

from experiments.checks.arbitrary_style import distance
from gan.features import Features
from gan.images import list_images, read_image, resize_square, write_image
from gan.images.contact_sheet import grid
from gan.images.pixels import from_image, to_unit
from gan.stylize import StylizeOptions
from gan.stylize.scene import Sources, fitted
from gan.stylize.wct.command import Studio
from gan.stylize.wct.opening import open_painter

LAYERS = ("features.1", "features.4", "features.7", "features.9", "features.11")
"""AlexNet's five rectified convolutions: a network that the transformation does not use."""
PAIRS = 30
SHOWN = 10
"""Rows of the sheet."""
CELL = 192
"""Side of the sheet's pictures in pixels."""
TIMED = 512
"""Longer side of the picture whose time is printed, in pixels."""


def pairs(
    photographs: Path,
    paintings: Path,
    alexnet: Path,
    decoder: Path,
    folder: Path,
    levels: Sequence[int] = (3, 2, 1),
    size: int = 256,
    need: int = 26,
    threads: int = 2,
) -> int:
    """Stylize 30 photographs; return 0 if enough have the style of their painting.

    Each pair is two different paintings, the given one and another, and a photograph. The result
    must be nearer to the given painting, by the Gram matrices of AlexNet. The photograph itself
    is compared, too. FOLDER/sheet.png shows a third of the pairs, FOLDER/pairs.json all numbers.

    Args:
        photographs: Folder of photographs.
        paintings: Folder of at least six paintings, whose styles should be different.
        alexnet: File with AlexNet's weights.
        decoder: Run directory of train.recipe decoder, or its generator's file.
        folder: Folder for results, numbers and the sheet.
        levels: Value of wct.levels.
        size: Longer side of the results and of the paintings in pixels.
        need: Number of the 30 pairs that must be right.
        threads: Threads of the computation.
    """
    torch.set_num_threads(threads)
    files, styles = list_images(photographs), list_images(paintings)
    wct = {"decoder": decoder, "levels": list(levels)}
    config = StylizeOptions(
        content=files[0], style=styles[:1], output=folder / "result.png", method="wct",
        wct=wct, size=size, device="cpu",
    )  # fmt: skip
    device = torch.device("cpu")
    painter, network = open_painter(config, device), Features("alexnet", LAYERS, alexnet)
    studios = {path: Studio(painter, device) for path in styles}
    rows, records = [], []
    every = list(permutations(styles, 2))
    for number, (given, other) in enumerate(every[:: max(1, len(every) // PAIRS)][:PAIRS]):
        photo = read_image(files[number * len(files) // PAIRS])
        result = studios[given].paint(config, Sources(photo, (read_image(given),), ()))
        write_image(result, folder / "results" / f"{number:02d}-{given.stem}.png")
        shown = [
            fitted(photo, size),
            result,
            *(fitted(read_image(p), size) for p in (given, other)),
        ]
        rows.append(shown)
        records.append({"given": given.stem, "other": other.stem} | nearer(shown, network))
    write_image(sheet(rows, records), folder / "sheet.png")
    (folder / "pairs.json").write_text(json.dumps(records, indent=1))
    right = sum(record["right"] for record in records)
    counts = {"pairs": len(records), "right": right}
    counts["right_photograph"] = sum(record["right_photograph"] for record in records)
    means = {name: mean(records, name) for name in records[0] if name.startswith("to_")}
    times = seconds(Studio(painter, device), config, read_image(files[0]), read_image(styles[0]))
    print(json.dumps(counts | means | times))
    return int(right < need)


def nearer(shown: Sequence[Image.Image], network: Features) -> dict[str, Any]:
    """Return the style distances of result and photograph to both paintings, and comparisons."""
    photograph, result, given, other = (grams(image, network) for image in shown)
    numbers: dict[str, Any] = {}
    for suffix, own in (("", result), ("_photograph", photograph)):
        near, far = distance(own, given), distance(own, other)
        numbers[f"right{suffix}"] = near < far
        numbers[f"to_given{suffix}"], numbers[f"to_other{suffix}"] = near, far
    return numbers


@torch.inference_mode()
def grams(image: Image.Image, network: Features) -> list[NDArray[np.float64]]:
    """Return the Gram matrices of AlexNet's maps, per position."""
    maps = network(to_unit(from_image(image))[None])
    rows = [maps[layer][0].flatten(1).double().numpy() for layer in LAYERS]
    return [row @ row.T / row.shape[1] for row in rows]


def mean(records: Sequence[dict[str, Any]], name: str) -> float:
    """Return the mean of a distance over the pairs."""
    return round(float(np.mean([record[name] for record in records])), 4)


def seconds(
    studio: Studio, config: StylizeOptions, photo: Image.Image, painting: Image.Image
) -> dict[str, float]:
    """Return the seconds of a photograph at 512 pixels: the first, and the best of five others.

    The first one includes the statistics of the style, which are then kept. "processor" is the time
    that the processor's cores have worked, all together: other programs do not add to it.
    """
    sources = Sources(fitted(photo, TIMED), (fitted(painting, TIMED),), ())
    times = []
    for _ in range(6):
        begun, worked = time.perf_counter(), time.process_time()
        studio.paint(config.model_copy(update={"size": TIMED}), sources)
        times.append((time.perf_counter() - begun, time.process_time() - worked))
    return {
        "seconds_first": round(times[0][0], 2),
        "seconds_kept": round(min(wall for wall, _ in times[1:]), 2),
        "processor_first": round(times[0][1], 2),
        "processor_kept": round(min(work for _, work in times[1:]), 2),
    }


def sheet(rows: Sequence[Sequence[Image.Image]], records: Sequence[dict[str, Any]]) -> Image.Image:
    """Return a sheet with every third pair: photograph, result, its painting, the other one."""
    step = max(1, len(rows) // SHOWN)
    pictures = [resize_square(image, CELL) for row in rows[::step] for image in row]
    names = [f"{r['given']} {'yes' if r['right'] else 'NO'}" for r in records[::step]]
    return grid(["photograph", "result", "given painting", "other"], pictures, rows=names)


if __name__ == "__main__":
    sys.exit(auto_cli(pairs, as_positional=False))
