"""Draw a sheet of the same test images, translated by every recipe."""

from collections.abc import Mapping
from pathlib import Path

import torch
from PIL import Image

from experiments.compare.measuring import DEVICE, Judge, translated
from gan.domains import DIRECTIONS
from gan.evaluation import open_folders
from gan.evaluation.command import open_model
from gan.evaluation.folders import read_images
from gan.images.contact_sheet import grid
from gan.images.pixels import to_pixels

ROWS = 8
SCALE = 2


def write_sheet(judge: Judge, folders: Mapping[str, Path], path: Path) -> None:
    """Write a sheet with columns: photographs, each recipe's translations, true images."""
    columns: dict[str, list[Image.Image]] = {}
    for name, folder in folders.items():
        files = sorted(folder.glob(f"gen_{judge.direction}.safetensors"))
        opened = open_model(files[0], judge.root, judge.size, DEVICE, "fp32")
        ends = DIRECTIONS[judge.direction]
        opened_folders = open_folders(opened.data, judge.split)
        sources = opened_folders.sources[ends.source].files
        chosen = sources[:: max(1, len(sources) // ROWS)][:ROWS]
        images = read_images(chosen, opened.data, ends.source)
        columns.setdefault("photographs", _pictures(images))
        columns[name] = _pictures(translated(opened, judge.direction, images))
        truth = [opened_folders.pairs[file] for file in chosen if file in opened_folders.pairs]
        if len(truth) == len(chosen):
            pixels = read_images(truth, opened.data, ends.target)
            columns["truth"] = _pictures(pixels)
    if "truth" in columns:
        columns["truth"] = columns.pop("truth")
    cells = [cell for row in zip(*columns.values(), strict=True) for cell in row]
    grid([name[:24] for name in columns], cells, text_size=11).save(path)


def _pictures(images: torch.Tensor) -> list[Image.Image]:
    """Return images (N, C, H, W) in [-1, 1] as Pillow images, enlarged without smoothing."""
    arrays = to_pixels(images).permute(0, 2, 3, 1).numpy()
    side = images.shape[-1] * SCALE
    return [
        Image.fromarray(array.squeeze())
        .convert("RGB")
        .resize((side, side), Image.Resampling.NEAREST)
        for array in arrays
    ]
