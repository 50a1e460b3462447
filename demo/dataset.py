"""Write the demo's dataset: photographs of scikit-image and scikit-learn, some of them painted."""

import hashlib
import shutil
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import numpy as np
from PIL import Image

from demo.painting import paint
from gan.images import resize_short, write_image

TRAIN = {
    "trainA": ("flower", "motorcycle", "rocket", "retina"),
    "trainB": ("camera", "china", "coins", "immunohistochemistry"),
}
"""Photographs of each domain. Nearly flat ones are not painted: their paintings are pale, and
generators that learn from pale paintings make pale translations."""
TEST = {"chelsea": (0.35, 0.3), "astronaut": (0.4, 0.1), "coffee": (0.5, 0.3)}
"""Photographs that are not in the training set, each with the place of a detail, from (0, 0) at the
upper left to (1, 1) at the lower right."""

SHORT_SIDES = (160, 208, 256)
"""Scales of the training crops: the photograph's shorter side, in pixels."""
CROP_SIZE = 144
CROPS = 24
"""Training crops of each photograph."""
VIEW_SIZE = 256
"""Side of the test images, in pixels."""
STAMP = ".made_by_demo"


def prepare(root: Path) -> None:
    """Write the demo's dataset: trainA, trainB, testA and testB, the paintings of testA.

    The folder appears complete or not at all. A folder of this version is kept, a folder of another
    version is replaced; ValueError for any other folder.

    Args:
        root: Folder of the dataset, for instance datasets/demo.
    """
    stamp = root / STAMP
    if stamp.is_file() and stamp.read_text() == recipe():
        print(f"{root}: up to date")
        return
    if root.exists() and not stamp.is_file():
        raise ValueError(f"{root}: not written by the demo; move it or name another folder")
    part = root.with_name(f".{uuid4().hex}.part")
    try:
        for name, image in images():
            write_image(image, part / name)
        (part / STAMP).write_text(recipe())
        shutil.rmtree(root, ignore_errors=True)
        part.rename(root)
    finally:
        shutil.rmtree(part, ignore_errors=True)
    print(f"{root}: written")


def recipe() -> str:
    """Return the version of the dataset: a hash of the source of this module and the painter."""
    sources = (Path(__file__).with_name(name) for name in ("dataset.py", "painting.py"))
    return hashlib.sha256(b"".join(source.read_bytes() for source in sources)).hexdigest()


def images() -> Iterator[tuple[str, Image.Image]]:
    """Yield all images of the dataset with their paths below its folder."""
    for folder, names in TRAIN.items():
        for name in names:
            for number, crop in enumerate(training_crops(name)):
                image = painted(crop) if folder == "trainB" else crop
                yield f"{folder}/{name}-{number:02d}.png", image
    for name in TEST:
        for view, image in views(name).items():
            yield f"testA/{name}-{view}.png", image
            yield f"testB/{name}-{view}.png", painted(image)


def painted(image: Image.Image) -> Image.Image:
    """Return the painting of a photograph, of the same size."""
    return Image.fromarray(paint(np.asarray(image)))


def training_crops(name: str) -> Iterator[Image.Image]:
    """Yield square crops of a photograph at random scales and places, equal in every call."""
    rng = np.random.default_rng(list(name.encode()))
    photo = photograph(name)
    for _ in range(CROPS):
        scaled = resize_short(photo, int(rng.choice(SHORT_SIDES)))
        left = int(rng.integers(scaled.width - CROP_SIZE + 1))
        top = int(rng.integers(scaled.height - CROP_SIZE + 1))
        yield scaled.crop((left, top, left + CROP_SIZE, top + CROP_SIZE))


def views(name: str) -> dict[str, Image.Image]:
    """Return two squares of a test photograph by name: the whole, and an enlarged detail."""
    photo = photograph(name)
    return {
        "whole": square(resize_short(photo, VIEW_SIZE), 0.5, 0.5),
        "detail": square(resize_short(photo, VIEW_SIZE * 3 // 2), *TEST[name]),
    }


def square(image: Image.Image, across: float, down: float) -> Image.Image:
    """Return the square of VIEW_SIZE at a place from 0, 0 (upper left) to 1, 1 (lower right)."""
    left = round((image.width - VIEW_SIZE) * across)
    top = round((image.height - VIEW_SIZE) * down)
    return image.crop((left, top, left + VIEW_SIZE, top + VIEW_SIZE))


def photograph(name: str) -> Image.Image:
    """Return a photograph of one of the two packages, mode RGB; ValueError if they are missing."""
    try:
        import skimage.data
        import sklearn.datasets
    except ImportError as error:
        raise ValueError(
            "the demo's photographs come with scikit-image and scikit-learn: "
            "pip install 'gan-translation[demo]'"
        ) from error
    if name in ("china", "flower"):
        pixels = sklearn.datasets.load_sample_image(f"{name}.jpg")
    elif name == "motorcycle":
        pixels = skimage.data.stereo_motorcycle()[0]
    else:
        pixels = getattr(skimage.data, name)()
    return Image.fromarray(pixels).convert("RGB")
