"""The same test images at every interval, through both generators, so that progress can be seen."""

from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor, nn

from gan.config import DataConfig, Domain
from gan.data import sample_pixels
from gan.images import list_images, read_image
from gan.pixels import to_unit

ROWS = 4
"""Test images of each domain in a grid."""


def test_images(data: DataConfig, domain: Domain, training_files: Sequence[Path]) -> Tensor:
    """The first test images of a domain, (N, C, crop_size, crop_size) in [-1, 1].

    Where there is no test folder they are training images.
    """
    folder = data.test_folder(domain)
    files = (list_images(folder) if folder else []) or training_files
    images = (read_image(path, channels=data.channels(domain)) for path in files[:ROWS])
    return to_unit(torch.stack([sample_pixels(image, data) for image in images]))


@torch.no_grad()
def sample_columns(forth: nn.Module, back: nn.Module, real: Tensor) -> list[Tensor]:
    """Real images, their translations, their reconstructions and, where channels fit, identities.

    real is (N, C, H, W) of the domain that `forth` translates from. The networks are evaluated in
    eval mode and left in the mode that they were in.
    """
    modes = forth.training, back.training
    forth.eval()
    back.eval()
    fake = forth(real)
    columns = [real, fake, back(fake)]
    if fake.shape == real.shape:
        columns.append(back(real))
    forth.train(modes[0])
    back.train(modes[1])
    return columns
