"""Read the style image of a generator that takes one."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from torch import Tensor

from gan.config.choices import Channels
from gan.images import read_image, resize_short
from gan.images.pixels import from_image, to_unit
from gan.inference.checks import check_size


def read_style(
    path: str | Path | None, generator: Path, channels: Channels, about: Mapping[str, Any]
) -> Tensor:
    """Read the style image of a generator, (1, C, H, W) in [-1, 1].

    about: the metadata of the generator's file. The image is scaled like the style images of the
    generator's training. ValueError if `path` is None, or if the image cannot be read or is too
    small.
    """
    if path is None:
        raise ValueError(f"{generator}: requires a style image, such as --style painting.jpg")
    image = read_image(Path(path), channels=channels)
    if about.get("resize", "none") != "none":
        image = resize_short(image, about["load_size"])
    check_size(*image.size, about=f"{path}: ")
    return to_unit(from_image(image)[None])
