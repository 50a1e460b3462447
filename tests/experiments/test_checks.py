"""The measurements of experiments/checks/style.py run; their figures mean nothing on noise."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from demo import dataset
from demo.dataset import square
from demo.distances import domain_distance
from demo.painting import Pixels
from experiments.checks import arbitrary_style, single_style
from experiments.checks.paintings import STYLES
from gan.images import resize_short
from tests.support import backbone
from tests.support.generators import write_generator
from tests.support.launching import write_images


def photograph(name: str) -> Pixels:
    """Return a photograph as a square of 96 pixels."""
    return np.asarray(
        square(resize_short(dataset.photograph(name), 256), 0.5, 0.5).resize((96, 96))
    )


@pytest.mark.parametrize("style", STYLES)
def test_paintings_clearly_have_one_style(style: str) -> None:
    """Colors of two paintings in one style are nearer than to other styles; also repeatable."""
    photographs = [photograph(name) for name in ("china", "chelsea")]
    ours = [STYLES[style](image) for image in photographs]
    assert np.array_equal(ours[0], STYLES[style](photographs[0]))
    assert ours[0].shape == photographs[0].shape
    near = domain_distance([ours[0]], [ours[1]])
    for other in STYLES.keys() - {style}:
        assert near < domain_distance([ours[0]], [STYLES[other](photographs[0])])


def test_the_style_distance_is_from_0_to_1() -> None:
    one, other = [np.diag([1.0, 0.0])], [np.diag([0.0, 1.0])]
    assert arbitrary_style.distance(one, one) == 0
    assert arbitrary_style.distance(one, other) == pytest.approx(2**0.5 / 2)
    assert arbitrary_style.distance(one, [-3 * one[0]]) == 1


def test_a_painting_is_nearer_to_its_own_style(mobilenet_weights: Path) -> None:
    """If the result is the given painting, both sets of layers detect it."""
    given, other = (Image.fromarray(STYLES[s](photograph("china"))) for s in ("dots", "patches"))
    shown = [Image.fromarray(photograph("chelsea")), given, given, other]
    numbers = arbitrary_style.nearer(shown, mobilenet_weights)
    assert numbers["right"]
    assert numbers["right_by_other_layers"]
    assert numbers["to_given"] == 0
    assert not numbers["right_content"]
    assert arbitrary_style.nearer([shown[0], shown[0], given, other], mobilenet_weights)[
        "right_content"
    ]


def test_every_term_is_measured_with_and_without_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root, weights = write_images(tmp_path / "root"), tmp_path / "random.pth"
    for name in ("A", "B"):
        (root / f"train{name}").rename(root / f"test{name}")
        write_images(tmp_path / name)
        (tmp_path / name / f"train{name}").rename(root / f"train{name}")
    torch.save(backbone.random_blocks().state_dict(), weights)
    single_style.without_each_term(root, weights, tmp_path / "runs", steps=1, seeds=1, crop=16)
    lines = [line for line in capsys.readouterr().out.splitlines() if line.startswith("seed")]
    assert [line.split()[2] for line in lines] == ["perceptual:", "style:", "tv:"]


def test_every_pair_of_styles_is_translated_and_compared(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """With an untrained generator in place of a training."""
    root, weights = write_images(tmp_path / "root"), tmp_path / "random.pth"
    torch.save(backbone.random_blocks().state_dict(), weights)

    def train_for(seconds: float, recipe: str, keys: dict[str, object]) -> None:
        assert (seconds, recipe, keys["data.crop_size"]) == (5, "reference", 32)
        (tmp_path / "out" / "run").mkdir()
        write_generator(tmp_path / "out" / "run" / "gen_ab.safetensors", kind="adain")

    monkeypatch.setattr(arbitrary_style, "train_for", train_for)
    monkeypatch.setattr(
        arbitrary_style, "STYLES", {name: STYLES[name] for name in ("dots", "mosaic")}
    )
    arbitrary_style.reference(
        root / "trainA", root / "trainB", weights, tmp_path / "out", seconds=5, size=32
    )
    numbers = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert numbers["pairs"] == 2
    assert 0 < numbers["to_given"] < 1
    assert len(list((tmp_path / "out" / "photographs").iterdir())) == 2
    assert len(list((tmp_path / "out" / "paintings").iterdir())) == 2 * 3
    with Image.open(tmp_path / "out" / "sheet.png") as image:
        assert image.size == (3 * (4 * 40 + 8), 40)
