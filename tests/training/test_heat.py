"""Heat maps of scores in sample grids: a closed case, modes, and runs without a discriminator."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from gan.images import read_image
from gan.report.samples import SCORES, grids
from gan.training import train
from gan.training.heat import REAL, score_columns
from tests.support.launching import write_images
from tests.support.runs import config


class Red(nn.Module):
    """Scores the red channel of each pixel."""

    def forward(self, images: Tensor) -> Tensor:
        assert not self.training
        return images[:, :1]


def test_red_halves_are_orange_and_others_blue_in_one_normalization() -> None:
    """Scores are 1 and -1, so their mean is 0, and each is one deviation: half of FULL."""
    half = torch.full((1, 3, 8, 8), -1.0)
    half[:, 0, :, 4:] = 1
    network = Red().train()
    (first, second) = score_columns(network, half, -half)
    assert network.training
    assert first.shape == second.shape == (1, 3, 8, 8)
    assert first.abs().max() <= 1
    red, _, blue = first[0]
    assert (red[:, 5:] > blue[:, 5:]).all()
    assert (red[:, :3] < blue[:, :3]).all()
    gray = 255 / 3  # of the red half
    expected = gray + 0.65 / 2 * (REAL - gray)
    found = (first[0, :, 4, 7] + 1) * 127.5
    torch.testing.assert_close(found.double(), torch.tensor(expected), rtol=0, atol=1)


def test_gray_pictures_get_color_maps() -> None:
    (column,) = score_columns(Red(), torch.rand(2, 1, 8, 8))
    assert column.shape == (2, 3, 8, 8)


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_images(tmp_path_factory.mktemp("photos"))


def test_scores_are_written_with_samples_and_change_no_step(root: Path, tmp_path: Path) -> None:
    for name, every in (("with", 1), ("without", 3)):
        train(config(root, tmp_path / name, train={"max_steps": 3, "sample_every": every}))
    found = grids(tmp_path / "with" / "samples", SCORES)
    assert [(step, set(paths)) for step, paths in found.items()] == [
        (step, {"ab", "ba"}) for step in (1, 2, 3)
    ]
    image = read_image(found[1]["ab"])
    assert image.size == (2 * 16, 3 * 16)  # translations and real images; three of B
    assert len(np.unique(np.asarray(image))) > 10
    one, other = (
        (tmp_path / name / "gen_ab.safetensors").read_bytes() for name in ("with", "without")
    )
    assert one == other
