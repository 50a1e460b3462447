"""Measure what the list of images of a folder costs: memory and seconds for each file."""

import os
import pickle
import time
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.machine import report, timed
from gan.config import DataConfig
from gan.data import index_folders, write_index
from gan.data.cache import SETTLED


def index(folder: Path, images: int = 20000) -> None:
    """List a folder of many small images twice, the second time with the index of the first.

    Args:
        folder: Folder for the images; it is created and kept. They are links to a few files.
        images: Number of files.
    """
    photos, known = folder / f"links-{images}", folder / "index.json"
    if not photos.exists():
        write_links(photos, images)
        time.sleep(SETTLED / 1e9)  # newer files are decoded again
    data = DataConfig(a=photos, b=photos)
    first = timed(lambda: index_folders(data, ("a",)))
    folders = index_folders(data, ("a",))
    held = len(pickle.dumps(folders["a"].files))  # as loader processes hold it
    write_index(known, folders.values())
    again = timed(lambda: index_folders(data, ("a",), known))
    report(
        folder / "index.json",
        images=images,
        index_bytes_per_image=round(held / images, 1),
        index_file_bytes_per_image=round(known.stat().st_size / images, 1),
        first_listing_seconds_per_image=first / images,
        listing_seconds_per_image=again / images,
    )


def write_links(photos: Path, images: int) -> None:
    """Write hard links to one small picture, a thousand in each sub-folder, with usual names."""
    photos.mkdir(parents=True)
    original = photos.parent / "original.png"
    pixels = np.random.default_rng(0).integers(0, 256, (16, 16, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(original)
    for number in range(images):
        place = photos / f"part-{number // 1000:05d}"
        place.mkdir(exist_ok=True)
        os.link(original, place / f"photograph-{number:09d}.png")
