"""The same test images at every interval, through both generators, so that progress can be seen."""

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import torch
from PIL import Image
from torch import Tensor, nn

from gan.config import DataConfig
from gan.config.choices import Channels
from gan.data import sample_pixels
from gan.domains import Domain
from gan.images import ImageError, list_images, read_image
from gan.images.pixels import to_unit
from gan.networks.layers import in_eval_mode

ROWS = 4
"""Test images of each domain in a grid."""


def test_images(data: DataConfig, domain: Domain, training_files: Sequence[Path]) -> Tensor:
    """Test images from all over a domain's folder, (N, C, crop_size, crop_size) in [-1, 1].

    Where there is no test folder, or nothing readable in it, they are training images.
    """
    folder, channels = data.test_folder(domain), data.channels(domain)
    images = readable(list_images(folder), channels) if folder else []
    images = images or readable(training_files, channels)
    return to_unit(torch.stack([sample_pixels(image, data) for image in images]))


def readable(files: Sequence[Path], channels: Channels) -> list[Image.Image]:
    """Up to ROWS images, evenly spread; those that cannot be read must not end a run."""
    images = []
    for path in files[:: max(1, len(files) // ROWS)]:
        with suppress(ImageError):
            images.append(read_image(path, channels=channels))
    return images[:ROWS]


@torch.no_grad()
def sample_columns(forth: nn.Module, back: nn.Module | None, real: Tensor) -> list[Tensor]:
    """Real images, their translations, their reconstructions and, where channels fit, identities.

    real is (N, C, H, W) of the domain that `forth` translates from; where there is no way back the
    first two columns are all. The networks are evaluated in eval mode and left in the mode that
    they were in.
    """
    with in_eval_mode(forth):
        fake = forth(real)
    if back is None:
        return [real, fake]
    with in_eval_mode(back):
        identity = [back(real)] if fake.shape == real.shape else []
        return [real, fake, back(fake), *identity]


@torch.no_grad()
def guided_columns(network: nn.Module, content: Tensor, style: Tensor) -> list[Tensor]:
    """Contents, the styles that they are given, results; a style serves twice where one lacks.

    The network is evaluated in eval mode and left in the mode that it was in.
    """
    style = spread(style, len(content))
    with in_eval_mode(network):
        return [content, style, network(content, style)]


def spread(style: Tensor, count: int) -> Tensor:
    """So many styles out of a batch, some of them twice where there are fewer."""
    return style[torch.arange(count) % len(style)]
