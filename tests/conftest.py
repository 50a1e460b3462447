"""Fixtures of several rooms: folders of small images, and a small generator in a file."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import settings
from PIL import Image
from torch import Tensor, nn

from gan.inference.translator import Translator
from tests.support.generators import write_generator
from tests.support.imagenet import mobilenet_file
from tests.support.pictures import Photos

settings.register_profile("untimed", deadline=None)  # a busy machine is not a fault
settings.load_profile("untimed")


@pytest.fixture
def photos(tmp_path: Path) -> Photos:
    """Writes a folder of random images, 000.png and so on, all of them different."""

    def write(
        name: str = "photos",
        count: int = 4,
        size: tuple[int, int] = (24, 20),
        mode: str = "RGB",
        suffix: str = ".png",
    ) -> Path:
        folder = tmp_path / name
        folder.mkdir(parents=True)
        shape = (size[1], size[0], 3) if mode == "RGB" else (size[1], size[0])
        for number in range(count):
            rng = np.random.default_rng([number, *name.encode()])
            pixels = rng.integers(0, 256, shape, dtype=np.uint8)
            Image.fromarray(pixels).save(folder / f"{number:03d}{suffix}")
        return folder

    return write


@pytest.fixture
def new_generator() -> Callable[..., Path]:
    """new_generator(path, direction="ab", seed=0, **arguments of build_generator) -> path."""
    return write_generator


@pytest.fixture(scope="session")
def generator_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """gen_ab.safetensors with a ResNet of two channels, alone in a run directory; tests must not
    change it."""
    return write_generator(tmp_path_factory.mktemp("run") / "gen_ab.safetensors")


@pytest.fixture(scope="session")
def mobilenet_weights() -> Path:
    """torchvision's ImageNet weights of mobilenet_v2, if they are available."""
    try:
        return mobilenet_file()
    except OSError as error:
        pytest.skip(f"no ImageNet weights: {error}")


class Negative(nn.Module):
    """The simplest translation with a known result: 255 minus every value."""

    def forward(self, x: Tensor) -> Tensor:
        return -x


@pytest.fixture
def negative() -> Translator:
    """Turns every picture into its exact negative."""
    return Translator(Negative(), 3, torch.device("cpu"))


@pytest.fixture
def negative_model(negative: Translator, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A path that `Translator.load` opens as `negative`."""
    monkeypatch.setattr(Translator, "load", lambda *_, **__: negative)
    return Path("negative")
