"""Compare reading large photographs for training: plain Pillow, this project, its cache."""

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.machine import report
from gan.config import DataConfig
from gan.data.cache import SETTLED, Pixels
from gan.data.crops import open_cache, read_resized
from gan.images import list_images

Read = Callable[[Path], Pixels]


def loader(folder: Path, images: int = 200, megapixels: float = 12, load_size: int = 286) -> None:
    """Read photographs and resize them for training; compare all methods on each photograph.

    Plain is Pillow's open, convert and resize. Ours decodes completely, and with data.draft. The
    cache is used as in the first epoch, and as in all later epochs. Rates are images per second of
    processor time, so that other programs matter less. All run in one thread.

    Args:
        folder: Folder for photographs and the cache; it is created and kept.
        images: Number of photographs.
        megapixels: Size of each.
        load_size: Side of the training images in pixels.
    """
    photos = photographs(folder / f"photographs-{images}-{megapixels:g}", images, megapixels)
    data = DataConfig(
        load_size=load_size, crop_size=min(256, load_size), cache=folder / "cache", draft=True
    )
    ways: dict[str, Read] = {
        "plain": lambda path: plain(path, load_size),
        "ours": lambda path: read_resized(path, "a", data.model_copy(update={"draft": False})),
        "ours_draft": lambda path: read_resized(path, "a", data),
        "cache_first": cached(data),
        "cache": cached(data),
    }
    for path in photos:  # fills the cache; only the last method knows its files
        ways["cache"](path)
    cpu, wall = dict.fromkeys(ways, 0.0), dict.fromkeys(ways, 0.0)
    for path in photos:
        for name, read in ways.items():
            before, started = time.process_time(), time.perf_counter()
            read(path)
            cpu[name] += time.process_time() - before
            wall[name] += time.perf_counter() - started
    report(
        folder / "loader.json",
        images=images, megapixels=megapixels, load_size=load_size,
        images_per_second_per_core={name: round(images / value, 1) for name, value in cpu.items()},
        images_per_second={name: round(images / value, 1) for name, value in wall.items()},
        to_plain={name: round(cpu["plain"] / value, 1) for name, value in cpu.items()},
    )  # fmt: skip


def plain(path: Path, load_size: int) -> Pixels:
    """Read and resize an image with Pillow, as is usual."""
    image = Image.open(path).convert("RGB")
    return np.array(image.resize((load_size, load_size), Image.Resampling.BICUBIC))


def cached(data: DataConfig) -> Read:
    """Return a function that reads through a separate cache object, and copies all pixels."""
    cache = open_cache(data, "a")
    assert cache is not None
    return lambda path: cache.read(path, lambda: read_resized(path, "a", data)).copy()


def photographs(folder: Path, images: int, megapixels: float) -> list[Path]:
    """Write JPEGs of 4:3 and return their paths: enlarged parts of real photographs with noise."""
    from skimage import data

    originals = [data.astronaut(), data.chelsea(), data.coffee(), data.rocket()]
    width, height = round((megapixels * 4e6 / 3) ** 0.5), round((megapixels * 3e6 / 4) ** 0.5)
    rng = np.random.default_rng(0)
    noise = rng.normal(0, 3, (height, width, 1)).astype(np.float32)
    for number in range(0 if folder.exists() else images):
        original = Image.fromarray(originals[number % len(originals)])
        left, top = (int(start) for start in rng.integers(0, 100, 2))
        part = original.crop((left, top, left + 280, top + 210))
        pixels = np.asarray(part.resize((width, height), Image.Resampling.BICUBIC)) + noise
        image = Image.fromarray(pixels.round().clip(0, 255).astype(np.uint8))
        folder.mkdir(parents=True, exist_ok=True)
        image.save(folder / f"{number:04d}.jpg", quality=90)  # with subsampled color, as cameras do
    time.sleep(SETTLED / 1e9)  # newer files are not cached
    return list_images(folder)
