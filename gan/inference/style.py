"""Fix a generator's style: a style image, or one of the styles that it has learned."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from gan.config.choices import Channels
from gan.config.tables.generators import GeneratorRow, generator_row
from gan.images import read_image, resize_short
from gan.images.pixels import from_image, to_unit
from gan.inference.checks import check_size
from gan.interop import Opened, StyleChoice, with_style
from gan.networks.adain import Styled


def styled(
    opened: Opened, file: Path, image: str | Path | None, choice: StyleChoice
) -> tuple[nn.Module, GeneratorRow]:
    """Return a network that translates a picture in one fixed style, and the generator's row.

    image: a style image. choice: one of the generator's own styles. ValueError if a required one is
    missing, or if one is given that the generator does not use.
    """
    row = generator_row(opened.spec["kind"])
    if row.takes_style:
        if choice:
            raise ValueError(
                f"{file}: takes its style from an image: use --style, not --style_index or "
                "--style_blend"
            )
        painting = read_style(image, file, opened.spec["out_channels"], opened.about)
        return Styled(opened.network, painting), row
    if image is not None:
        raise ValueError(f"{file}: does not take a style image: remove --style")
    fixed = with_style(opened, choice, file)
    return fixed.network, generator_row(fixed.spec["kind"])


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
