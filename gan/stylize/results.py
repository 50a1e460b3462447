"""Write results with the mark of the network that they were made with."""

import os
from pathlib import Path

from PIL import Image

from gan.images import Mark, Picture, write_picture
from gan.images.deep import as_pixels


def write_marked(image: Image.Image, path: Path, mark: Mark | None) -> None:
    """Write an image of mode L or RGB, with the mark of the network that it was made with."""
    write_picture(Picture(as_pixels(image)).with_mark(mark), path)


def check_new(path: Path, *, overwrite: bool) -> None:
    """Raise ValueError if a file exists, unless `overwrite` is set."""
    if os.path.lexists(path) and not overwrite:
        raise ValueError(f"{path}: exists already: choose another file, or add --overwrite true")
