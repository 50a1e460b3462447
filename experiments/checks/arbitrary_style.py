"""Measure whether a network for arbitrary styles transfers the style of a given painting."""

import json
from collections.abc import Sequence
from functools import cache
from itertools import permutations
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import nn
from torchvision.models import mobilenet_v2

from demo.painting import Pixels
from experiments.checks.paintings import STYLES
from experiments.checks.single_style import train_for
from gan.images import list_images, read_image, resize_short, write_image
from gan.inference.folder import TranslateOptions, translate_folder

STYLE_LAYERS = (0, 1, 3, 6, 13)
"""Layers of MobileNetV2 that the training uses."""
OTHER_LAYERS = (2, 4, 8, 11, 16)
"""Layers of MobileNetV2 that the training does not use."""
MARGIN = 8
"""Pixels by which images are larger than the training crops."""


def reference(
    photographs: Path,
    unseen: Path,
    weights: Path,
    folder: Path,
    seconds: float = 900,
    size: int = 96,
    channels: int = 16,
    style: float = 100,
    need: int = 22,
) -> int:
    """Train on six painted styles; return 0 if enough results have the style of their painting.

    The second half of the photographs is painted in every style, the first half is translated. For
    each of the 30 ordered pairs of styles, an unseen photograph is then translated with a painting
    of the first style. The result must be nearer to that painting than to a painting of the same
    image in the second style, by the Gram matrices of MobileNetV2, computed with torchvision and
    NumPy. FOLDER/sheet.png shows photographs, results and paintings. Also print how many results
    show the content of the photograph and not of the painting, by normalized features.

    Args:
        photographs: Folder of training photographs; crops of one photograph have neighboring names.
        unseen: Folder of other photographs.
        weights: torchvision's file of MobileNetV2.
        folder: Folder for images, run, results and the sheet.
        seconds: Time for training, including its start.
        size: Side of the training crops in pixels.
        channels: Value of networks.generator_channels.
        style: Value of loss.style.
        need: Number of the 30 pairs that must be right.
    """
    write_pictures(photographs, folder, size + MARGIN)
    keys = {
        "data.a": folder / "photographs", "data.b": folder / "paintings",
        "run.dir": folder / "run", "data.load_size": size + MARGIN, "data.crop_size": size,
        "data.workers": 0, "loss.style": style, "networks.generator_channels": channels,
        "networks.discriminator_channels": channels, "perceptual.backbone": "mobilenet_v2",
        "perceptual.weights": weights, "train.batch_size": 2, "train.epochs": 10000,
        "train.log_every": 50, "train.sample_every": 500, "run.device": "cpu", "run.threads": 1,
    }  # fmt: skip
    train_for(seconds, "reference", keys)
    return discriminator_loss(unseen, weights, folder, size + MARGIN, need)


def write_pictures(photographs: Path, folder: Path, size: int) -> None:
    """Write FOLDER/photographs and FOLDER/paintings, from different halves of the photographs."""
    files = list_images(photographs)
    for path in files[: len(files) // 2]:
        write_image(resize_short(read_image(path), size), folder / "photographs" / path.name)
    for path in files[len(files) // 2 :]:
        for name in STYLES:
            write_image(painted(path, name, size), folder / "paintings" / f"{name}-{path.stem}.png")


def painted(path: Path, style: str, size: int) -> Image.Image:
    """Return an image with its shorter side at `size`, painted in one of the six styles."""
    pixels: Pixels = np.asarray(resize_short(read_image(path), size))
    return Image.fromarray(STYLES[style](pixels))


def discriminator_loss(unseen: Path, weights: Path, folder: Path, size: int, need: int) -> int:
    """Translate a photograph for every ordered pair of styles, compare and print the numbers."""
    files, rows = list_images(unseen), []
    records: list[dict[str, Any]] = []
    for number, (given, other) in enumerate(permutations(STYLES, 2)):
        # From the other half of the list: not the same image as the photograph.
        source = files[(number + len(files) // 2) % len(files)]
        place = folder / "pairs" / f"{number:02d}-{given}"
        photograph = resize_short(read_image(files[number % len(files)]), size)
        write_image(photograph, place / "photograph.png")
        for name in (given, other):
            write_image(painted(source, name, size), place / f"{name}.png")
        translate_folder(
            TranslateOptions(
                model=folder / "run",
                input=place / "photograph.png",
                output=place / "result.png",
                style=place / f"{given}.png",
                overwrite=True,
                device="cpu",
            )
        )
        shown = [read_image(place / f"{n}.png") for n in ("photograph", "result", given, other)]
        rows.append(shown)
        records.append({"given": given, "other": other} | nearer(shown, weights))
    write_image(sheet(rows[::2], size), folder / "sheet.png")
    counts = {key: sum(r[key] for r in records) for key in records[0] if key.startswith("right")}
    (folder / "pairs.json").write_text(json.dumps(records, indent=1))
    print(json.dumps({"pairs": len(records)} | counts | means(records)))
    return int(counts["right"] < need)


def nearer(shown: Sequence[Image.Image], weights: Path) -> dict[str, Any]:
    """Return the style distances of result and photograph to both paintings, and comparisons."""
    numbers: dict[str, Any] = {}
    for suffix, layers in (("", STYLE_LAYERS), ("_by_other_layers", OTHER_LAYERS)):
        photograph, result, given, other = (grams(image, weights, layers) for image in shown)
        for who, own in (("", result), ("_photograph", photograph)):
            near, far = distance(own, given), distance(own, other)
            numbers[f"right{who}{suffix}"] = near < far
            numbers[f"to_given{who}{suffix}"], numbers[f"to_other{who}{suffix}"] = near, far
    seen, made, painting = (plain(image, weights) for image in shown[:3])
    numbers["right_content"] = bool(np.sum(made * seen) > np.sum(made * painting))
    return numbers


def plain(image: Image.Image, weights: Path) -> NDArray[np.float64]:
    """Return a middle feature map (C, positions), channels normalized, with norm 1: the content."""
    (rows,) = maps_of(square(image), weights, (6,))
    rows = rows - rows.mean(axis=1, keepdims=True)
    rows /= rows.std(axis=1, keepdims=True) + 1e-9
    unit: NDArray[np.float64] = rows / np.linalg.norm(rows)
    return unit


def square(image: Image.Image) -> Image.Image:
    """Return the upper left square, so that photographs and paintings have equal size."""
    side = min(image.size)
    return image.crop((0, 0, side, side))


def grams(image: Image.Image, weights: Path, layers: Sequence[int]) -> list[NDArray[np.float64]]:
    """Return the Gram matrices per position of MobileNetV2's maps."""
    return [rows @ rows.T / rows.shape[1] for rows in maps_of(image, weights, layers)]


def maps_of(image: Image.Image, weights: Path, layers: Sequence[int]) -> list[Any]:
    """Return MobileNetV2's maps, each (C, positions), computed with torchvision only."""
    mean, std = np.array([[0.485, 0.456, 0.406], [0.229, 0.224, 0.225]])
    scaled = (np.asarray(image) / 255 - mean) / std
    maps = torch.from_numpy(scaled).float().permute(2, 0, 1)[None]
    found = []
    with torch.inference_mode():
        for number, block in enumerate(blocks(weights)[: max(layers) + 1]):
            maps = block(maps)
            if number in layers:
                found.append(maps[0].flatten(1).double().numpy())
    return found


def distance(ours: Sequence[NDArray[np.float64]], theirs: Sequence[NDArray[np.float64]]) -> float:
    """Return |G - A| / (|G| + |A|), the mean over layers: 0 for equal styles, at most 1."""
    norm = np.linalg.norm
    shares = [norm(g - a) / (norm(g) + norm(a)) for g, a in zip(ours, theirs, strict=True)]
    return float(np.mean(shares))


@cache
def blocks(weights: Path) -> nn.Sequential:
    """Return MobileNetV2's blocks in eval mode."""
    network = mobilenet_v2()
    network.load_state_dict(torch.load(weights, weights_only=True))
    features: nn.Sequential = network.features.eval()
    return features


def means(records: Sequence[dict[str, Any]]) -> dict[str, float]:
    """Return the mean of every distance over the pairs."""
    names = [name for name in records[0] if name.startswith("to_")]
    return {name: round(float(np.mean([r[name] for r in records])), 4) for name in names}


def sheet(rows: Sequence[Sequence[Image.Image]], size: int) -> Image.Image:
    """Return a sheet with a row per pair: photograph, result, its painting, the other painting."""
    columns, tall = 3, -(-len(rows) // 3)
    page = Image.new("RGB", (columns * (4 * size + 8), tall * size), "white")
    for number, row in enumerate(rows):
        left, top = number // tall * (4 * size + 8), number % tall * size
        for place, image in enumerate(row):
            page.paste(image.crop((0, 0, size, size)), (left + place * size, top))
    return page
