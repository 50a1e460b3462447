"""The check of whitening and coloring: a result that is its painting is right, with an AlexNet."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torchvision.models import alexnet

from experiments.checks.wct_pairs import LAYERS, nearer, sheet
from gan.features import Features


@pytest.fixture
def network(tmp_path: Path) -> Features:
    """Return an AlexNet with random weights."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        state = alexnet(weights=None).features.state_dict()
    torch.save({f"features.{name}": each for name, each in state.items()}, tmp_path / "alexnet.pth")
    return Features("alexnet", LAYERS, tmp_path / "alexnet.pth")


def picture(seed: int) -> Image.Image:
    rng = np.random.default_rng(seed)
    coarse = Image.fromarray(rng.integers(0, 256, (8 * seed, 8 * seed, 3), dtype=np.uint8))
    return coarse.resize((80, 80), Image.Resampling.BICUBIC)


def test_a_result_that_is_a_painting_is_nearest_to_it(network: Features) -> None:
    photo, given, other = picture(1), picture(2), picture(5)
    right, wrong = (nearer([photo, result, given, other], network) for result in (given, other))
    assert right["right"]
    assert right["to_given"] == 0
    assert right["to_other"] > 0
    assert not wrong["right"]
    assert right["to_given_photograph"] == wrong["to_given_photograph"] > 0


def test_the_sheet_says_which_pairs_are_right() -> None:
    rows = [[picture(n) for n in (1, 2, 3, 4)] for _ in range(2)]
    page = sheet(rows, [{"given": "a", "right": True}, {"given": "b", "right": False}])
    assert page.height > 2 * 192
    assert page.width > 4 * 192
