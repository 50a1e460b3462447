"""With real ImageNet features: a photograph painted in the style of a print."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from torch import Tensor

from demo.painting import paint
from gan.config import PerceptualConfig
from gan.features import TABLES, Features
from gan.images import read_image
from gan.images.pixels import from_image, to_unit
from gan.losses import perceptual_distance, style_layer_loss
from gan.stylize import StylizeOptions, stylize

skimage_data = pytest.importorskip("skimage.data")
datasets = pytest.importorskip("sklearn.datasets")
TABLE = TABLES["mobilenet_v2"]
Run = Callable[..., list[float]]


@pytest.fixture
def run(tmp_path: Path, mobilenet_weights: Path) -> Run:
    """run(**options) -> the loss at every evaluation; photo.png, painting.png and out.png are the
    pictures."""
    Image.fromarray(skimage_data.astronaut()).save(tmp_path / "photo.png")
    flower = datasets.load_sample_image("flower.jpg")
    Image.fromarray(paint(flower)).save(tmp_path / "painting.png")
    network = PerceptualConfig(backbone="mobilenet_v2", weights=mobilenet_weights)

    def stylized(**options: Any) -> list[float]:
        log = tmp_path / f"log-{len(list(tmp_path.glob('log-*')))}"
        given: dict[str, Any] = {
            "content": tmp_path / "photo.png",
            "style": [tmp_path / "painting.png"],
        }
        given |= {"output": tmp_path / "out.png", "perceptual": network, "log": log}
        given["overwrite"] = True
        stylize(StylizeOptions(**(given | {"device": "cpu"} | options)))
        events = EventAccumulator(str(log), {"scalars": 0}).Reload()
        return [event.value for event in events.Scalars("loss/total")]

    return stylized


def distances(folder: Path, weights: Path, size: int) -> dict[str, tuple[float, float]]:
    """(style distance to the painting, content distance to the photograph) of all pictures.

    These are the style loss summed over the style layers with equal weights, and the mean squared
    distance in the content layer, both without the weights of the minimized loss. All pictures are
    read from the disk and resized to the result's size.
    """
    extract = Features("mobilenet_v2", sorted({*TABLE.content, *TABLE.style}), weights)

    def maps(name: str, size: tuple[int, int]) -> dict[str, Tensor]:
        image = read_image(folder / f"{name}.png").resize(size, Image.Resampling.LANCZOS)
        found: dict[str, Tensor] = extract(to_unit(from_image(image))[None])
        return found

    square = (size, size)
    photo, result = maps("photo", square), maps("out", square)
    wide = (size, round(size * 427 / 640))
    painting, stretched = maps("painting", wide), maps("painting", square)
    measured = {"photo": (photo, photo), "out": (result, result), "painting": (painting, stretched)}
    return {
        name: (
            sum(style_layer_loss(own[at], painting[at]).item() for at in TABLE.style),
            perceptual_distance(same[TABLE.content[0]], photo[TABLE.content[0]]).item(),
        )
        for name, (own, same) in measured.items()
    }


def check(folder: Path, weights: Path, size: int, factor: float) -> None:
    with torch.no_grad():
        found = distances(folder, weights, size)
    print(found)
    assert found["out"][0] * factor < found["photo"][0]
    assert found["out"][1] < found["painting"][1]


def test_style_distance_falls_at_96_pixels(
    run: Run, tmp_path: Path, mobilenet_weights: Path
) -> None:
    run(size=96, steps=60)
    check(tmp_path, mobilenet_weights, 96, factor=10)


@pytest.mark.slow
def test_style_distance_falls_20_times_at_256_pixels(
    run: Run, tmp_path: Path, mobilenet_weights: Path
) -> None:
    """With all defaults except the size."""
    run(size=256)
    check(tmp_path, mobilenet_weights, 256, factor=20)


@pytest.mark.parametrize("size", [64, pytest.param(256, marks=pytest.mark.slow)])
def test_lbfgs_reaches_adams_final_loss_in_fewer_evaluations(run: Run, size: int) -> None:
    """At one size, so that all losses are comparable."""
    adam, lbfgs = (
        run(size=size, sizes=[size], optimizer=optimizer, steps=100)
        for optimizer in ("adam", "lbfgs")
    )
    reached = next((i for i, loss in enumerate(lbfgs) if loss <= adam[-1]), None)
    print(f"Adam's loss after 100 evaluations, {adam[-1]:.4f}, by L-BFGS after {reached}")
    assert reached is not None
    assert reached < 100
