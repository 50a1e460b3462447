"""Compare translating a folder: this project, the bare network, and a plain loop."""

import shutil
import statistics
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image

from benchmarks.machine import report, timed
from benchmarks.pictures import Kind, prepare
from gan.images import list_images, read_image
from gan.images.pixels import from_image, to_pixels, to_unit
from gan.inference.folder import TranslateOptions, translate_folder
from gan.inference.folder.batches import make_batches
from gan.inference.folder.plan import make_plan
from gan.inference.translator import Precision, Translator


def library(
    folder: Path,
    channels: int = 64,
    images: int = 200,
    side: int = 256,
    rounds: int = 3,
    kind: Kind = "mixed",
) -> None:
    """Translate a folder of mixed photographs: this project, the bare network, and a plain loop.

    This project runs in float32 and in bfloat16. All take turns, and the medians are compared. The
    bare network runs in float32 on the same pixels, in memory, in the same batches. The plain loop
    reads, translates and writes one image after the other, in float32.

    Args:
        folder: Folder for photographs and translations; it is created and kept.
        channels: Width of the ResNet with nine blocks.
        images: Number of photographs.
        side: Their mean side in pixels.
        rounds: Turns of each.
        kind: Format of the photographs; mixed is two thirds JPEG and a third PNG.
    """
    photos, model = prepare(folder, channels, images, side, kind)
    pixels = sum(np.prod(Image.open(path).size) for path in list_images(photos)) / 1e6
    ways: dict[str, Callable[[], float]] = {
        "ours": lambda: ours(model, photos, folder / "ours", "fp32"),
        "ours_bf16": lambda: ours(model, photos, folder / "ours_bf16", "bf16"),
        "bare": lambda: bare(model, photos),
        "loop": lambda: loop(model, photos, folder / "loop"),
    }
    times: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, way in ways.items():
            times[name].append(way())
    median = {name: statistics.median(values) for name, values in times.items()}
    report(
        channels=channels, images=images, kind=kind, megapixels=round(float(pixels), 1),
        seconds={name: [round(value, 1) for value in values] for name, values in times.items()},
        ours_to_bare=round(median["bare"] / median["ours"], 3),
        ours_to_loop=round(median["loop"] / median["ours"], 3),
        ours_bf16_to_loop=round(median["loop"] / median["ours_bf16"], 3),
    )  # fmt: skip


def ours(model: Path, photos: Path, output: Path, precision: Precision) -> float:
    shutil.rmtree(output, ignore_errors=True)
    options = TranslateOptions(model=model, input=photos, output=output, precision=precision)
    return timed(lambda: translate_folder(options))


def bare(model: Path, photos: Path) -> float:
    """Return the seconds of the network on pixels in memory."""
    translator = Translator.load(model)
    plan = make_plan(photos, photos.parent / "none", None, None, False, 178)
    batches = [
        torch.stack([from_image(read_image(job.source)) for job in batch]).to(translator.device)
        for batch in make_batches(plan.jobs, None)
    ]

    @torch.inference_mode()
    def run() -> None:
        for batch in batches:
            translator.network(to_unit(batch))
        if translator.device.type == "cuda":
            torch.cuda.synchronize()

    return timed(run)


def loop(model: Path, photos: Path, output: Path) -> float:
    """Return the seconds of a plain loop: read, translate and write one image after the other."""
    shutil.rmtree(output, ignore_errors=True)
    output.mkdir()
    translator = Translator.load(model)

    @torch.inference_mode()
    def run() -> None:
        for path in list_images(photos):
            image = Image.open(path).convert("RGB")
            x = to_unit(from_image(image)[None].to(translator.device))
            pixels = to_pixels(translator.network(x)[0]).cpu().permute(1, 2, 0).numpy()
            options: dict[str, Any] = {}
            if path.suffix == ".jpg":
                options = {"quality": 95, "subsampling": 0}
            Image.fromarray(pixels).save(output / path.name, **options)

    return timed(run)
