"""Report how near a trained run is to the painter: a contact sheet and two distances."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from demo.distances import domain_distance, truth_distance
from demo.painting import Pixels
from gan.images import list_images, read_image, write_image
from gan.images.contact_sheet import grid
from gan.inference.translator import Device, Translator

TITLES = ("photograph", "translation", "true painting", "reconstruction")

DOMAIN_GOAL, TRUTH_GOAL = 0.5, 2 / 3
"""Largest part of each distance that may remain after translation."""


def report(run: Path, root: Path, device: Device = "auto") -> int:
    """Translate the demo's test photographs, write RUN/sheet.png and print both distances.

    The distances are those of `demo.distances`, each for the photographs and for their
    translations. The exit status is 1 if more than half of the distance to the painted domain
    remains, or more than two thirds of the distance to the true paintings.

    Args:
        run: Run directory.
        root: Folder of the dataset that `prepare` wrote.
        device: Device for computing; auto uses a GPU if there is one.
    """
    forth, back = (Translator.load(run, direction, device) for direction in ("ab", "ba"))
    photos, truths, paintings = (read_folder(root / name) for name in ("testA", "testB", "trainB"))
    translations = [forth.translate(photo) for photo in photos]
    reconstructions = [back.translate(translation) for translation in translations]
    rows = zip(photos, translations, truths, reconstructions, strict=True)
    cells = [image for row in rows for image in row]
    write_image(grid(TITLES, cells, text_size=22), run / "sheet.png")

    pools = pixels(photos), pixels(translations)
    domain = [domain_distance(pool, pixels(paintings)) for pool in pools]
    truth = [truth_distance(pool, pixels(truths)) for pool in pools]
    print(
        f"demo: distance to the painted domain {fall(domain)}, "
        f"L1 to the true paintings {fall(truth)}: {run / 'sheet.png'}"
    )
    reached = domain[1] <= DOMAIN_GOAL * domain[0] and truth[1] <= TRUTH_GOAL * truth[0]
    if not reached:
        print(f"demo: goal missed: at most {DOMAIN_GOAL:.0%} and {TRUTH_GOAL:.0%} should remain")
    return 0 if reached else 1


def read_folder(folder: Path) -> list[Image.Image]:
    """Return the images of a folder; ValueError if there are none."""
    images = [read_image(path) for path in list_images(folder)]
    if not images:
        raise ValueError(f"{folder}: no images; `python -m demo prepare` writes them")
    return images


def pixels(images: Sequence[Image.Image]) -> list[Pixels]:
    return [np.asarray(image) for image in images]


def fall(distances: Sequence[float]) -> str:
    """Return the text `before -> after (percentage)`."""
    before, after = distances
    return f"{before:.3f} -> {after:.3f} ({after / before:.0%})"
