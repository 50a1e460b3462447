"""Measure whether one network learns eight styles, and a ninth without changing the eight.

python -m experiments.checks.many_styles --root photo2ochre --alexnet ALEXNET --folder /tmp/many
"""

import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import torch
from jsonargparse import auto_cli
from numpy.typing import NDArray
from PIL import Image

from demo import dataset
from experiments.checks.arbitrary_style import distance
from experiments.checks.paintings import STYLES
from experiments.checks.single_style import train_for
from gan.data.styles import find_styles
from gan.features import Features
from gan.images import list_images, read_image, resize_short, write_image
from gan.images.contact_sheet import grid
from gan.images.pixels import from_image, to_unit
from gan.inference.translator import Translator
from gan.interop import open_generator, style_names

LAYERS = ("features.1", "features.4", "features.7", "features.9", "features.11")
"""AlexNet's five rectified convolutions: a network that the training does not use."""
SIDE = 192
"""Side of the paintings in pixels."""
DRAWN = {"hatching": "china", "woodblock": "flower", "dots": "astronaut", "patches": "coffee"}
DRAWN |= {"mosaic": "chelsea", "charcoal": "rocket"}
"""Painters, and the photographs that they paint."""
REAL = {"tissue": "immunohistochemistry", "stars": "hubble_deep_field"}
"""Pictures of scikit-image that are styles as they are."""
NINTH = "charcoal"
OCHRES = 6
"""Paintings of the style that is a folder."""
UNSEEN = 24
"""Photographs that are translated, evenly spread."""
SHOWN = 6
"""Photographs on the sheet."""
Gram = list[NDArray[np.float64]]


def many_styles(
    root: Path,
    alexnet: Path,
    folder: Path,
    seconds: float = 1800,
    added_seconds: float = 300,
    style: float = 5,
    channels: int = 16,
    size: int = 64,
    need: int = 22,
) -> int:
    """Train eight styles, then a ninth; return 0 if enough translations have their own style.

    Five styles are drawn by painters, two are pictures, one is a folder of ROOT/trainB. 24
    photographs of ROOT/testA get each style. A translation must be nearer to its own style than to
    all others, by the Gram matrices of AlexNet. Then scales and shifts of a ninth style are trained
    alone, and translations in the eight styles must be the same, in every bit. FOLDER/sheet.png
    shows paintings and translations.

    Args:
        root: Folder with trainA, trainB and testA.
        alexnet: File with AlexNet's weights.
        folder: Folder for paintings, runs and the sheet.
        seconds: Time for training eight styles, including its start.
        added_seconds: Time for training the ninth.
        style: Value of loss.style.
        channels: Value of networks.generator_channels.
        size: Side of the crops and of the translated photographs in pixels.
        need: Number of photographs, of 24, that must be nearest to their own style.
    """
    write_paintings(root, folder)
    keys = {
        "data.a": root / "trainA", "data.crop_size": size, "data.load_size": size + size // 8,
        "style.size": SIDE, "loss.style": style, "networks.generator_channels": channels,
        "train.epochs": 100_000, "run.device": "cpu", "run.threads": 1,
    }  # fmt: skip
    eight, nine = folder / "eight", folder / "nine"
    train_for(seconds, "many_styles", keys | {"data.b": folder / "paintings", "run.dir": eight})
    added = {"data.b": folder / "ninth", "style.add_to": eight, "run.dir": nine}
    train_for(added_seconds, "many_styles", keys | added)
    return judge(root / "testA", alexnet, folder, size, need)


def write_paintings(root: Path, folder: Path) -> None:
    """Write FOLDER/paintings, with eight styles, and FOLDER/ninth, with one."""
    for painter, name in DRAWN.items():
        place = folder / ("ninth" if painter == NINTH else "paintings") / f"{painter}.png"
        painting = STYLES[painter](np.asarray(cut(dataset.photograph(name))))
        write_image(Image.fromarray(painting), place)
    for style, name in REAL.items():
        write_image(cut(dataset.photograph(name)), folder / "paintings" / f"{style}.png")
    files = list_images(root / "trainB")
    for path in files[:: len(files) // OCHRES][:OCHRES]:
        write_image(cut(read_image(path)), folder / "paintings" / "ochre" / f"{path.stem}.png")


def cut(image: Image.Image, side: int = SIDE) -> Image.Image:
    """Return the middle of an image, a square, scaled to a side."""
    scaled = resize_short(image, side)
    left, top = (scaled.width - side) // 2, (scaled.height - side) // 2
    return scaled.crop((left, top, left + side, top + side))


def judge(unseen: Path, alexnet: Path, folder: Path, size: int, need: int) -> int:
    """Translate, compare, write the sheet and print the counts; return 0 if they are enough."""
    measure = partial(gram, Features("alexnet", LAYERS, alexnet).eval())
    files = list_images(unseen)
    chosen = [files[number * len(files) // UNSEEN] for number in range(UNSEEN)]
    photographs = [cut(read_image(path), size) for path in chosen]
    paintings = find_styles(folder / "paintings") | find_styles(folder / "ninth")
    names = style_names(open_generator(folder / "nine" / "gen_ab.safetensors"))
    targets = {name: mean(tiles(paintings[name], size, measure)) for name in names}
    made = {name: translated(folder / "nine", name, photographs) for name in names}
    before = {name: translated(folder / "eight", name, photographs) for name in names[:-1]}
    counts = {name: nearest(made[name], targets, name, measure) for name in names}
    eight = {name: target for name, target in targets.items() if name in before}
    counts_of_eight = {name: nearest(before[name], eight, name, measure) for name in before}
    moved = sum(
        not np.array_equal(np.asarray(one), np.asarray(other))
        for name in before
        for one, other in zip(before[name], made[name], strict=True)
    )
    write_image(sheet(paintings, photographs, made, size), folder / "sheet.png")
    results = {"of_eight": counts_of_eight, "of_nine": counts, "moved": moved}
    results |= {"as_they_are": {n: nearest(photographs, eight, n, measure) for n in before}}
    results |= {"photographs": len(photographs)}
    print(json.dumps(results))
    return int(min(counts_of_eight.values()) < need or bool(moved))


def translated(run: Path, style: str, photographs: Sequence[Image.Image]) -> list[Image.Image]:
    """Return photographs in a style of a run."""
    translator = Translator.load(run, device="cpu", style_index=style)
    return [translator.translate(photograph) for photograph in photographs]


def nearest(
    images: Sequence[Image.Image],
    targets: Mapping[str, Gram],
    style: str,
    measure: Callable[[Image.Image], Gram],
) -> int:
    """Return how many images are nearer to a style than to all others."""
    count = 0
    for image in images:
        own = measure(image)
        distances = {name: distance(own, target) for name, target in targets.items()}
        count += min(distances, key=lambda name: distances[name]) == style
    return count


def gram(network: Features, image: Image.Image) -> Gram:
    """Return the Gram matrices per position of an image's maps."""
    with torch.inference_mode():
        maps = network(to_unit(from_image(image)[None]))
    rows = [maps[layer][0].flatten(1).double().numpy() for layer in LAYERS]
    return [each @ each.T / each.shape[1] for each in rows]


def tiles(
    paths: Sequence[Path], size: int, measure: Callable[[Image.Image], Gram]
) -> Iterator[Gram]:
    """Yield the Gram matrices of a style's paintings, cut into squares as large as translations."""
    for path in paths:
        image = read_image(path)
        for top in range(0, image.height - size + 1, size):
            for left in range(0, image.width - size + 1, size):
                yield measure(image.crop((left, top, left + size, top + size)))


def mean(grams: Iterator[Gram]) -> Gram:
    """Return the mean of Gram matrices, layer by layer."""
    return [np.mean(layer, axis=0) for layer in zip(*grams, strict=True)]


def sheet(
    paintings: Mapping[str, Sequence[Path]],
    photographs: Sequence[Image.Image],
    made: Mapping[str, Sequence[Image.Image]],
    size: int,
) -> Image.Image:
    """Return a sheet: the paintings, then photographs with their translations."""
    chosen = range(0, len(photographs), len(photographs) // SHOWN)
    tops = [cut(read_image(paintings[name][0]), size) for name in made]
    rows = [[Image.new("RGB", (size, size), "white"), *tops]]
    rows += [[photographs[at], *(made[name][at] for name in made)] for at in chosen]
    double = [image.resize((2 * size, 2 * size)) for row in rows for image in row]
    return grid(["photograph", *made], double)


if __name__ == "__main__":
    sys.exit(auto_cli(many_styles, as_positional=False))
