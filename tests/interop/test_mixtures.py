"""Chosen and mixed styles: how they are written, and files that have one or several."""

import random
import re
from pathlib import Path
from typing import Any

import pytest
import torch

from gan.interop import Opened, StyleChoice, in_words, style_names, with_style
from gan.interop.mixtures import style_words
from gan.networks import build_generator

NAMES = ["dots", "waves", "2", "0:1"]
FILE = Path("gen_ab.safetensors")


def opened(kind: str = "conditional_1blocks", **about: Any) -> Opened:
    counted = {"styles": 4} if kind.startswith("conditional") else {}
    spec: dict[str, Any] = {
        "kind": kind, "in_channels": 3, "out_channels": 3, "channels": 1, "norm": "instance",
        "upsample": "deconv", "dropout": False, "downsample": "stride", **counted,
    }  # fmt: skip
    return Opened(build_generator(**spec), spec, about)


@pytest.mark.parametrize(("index", "expected"), [
    (1, [0, 1, 0, 0]), ("1", [0, 1, 0, 0]), ("dots", [1, 0, 0, 0]), ("0:1", [0, 0, 0, 1]),
    ("2", [0, 0, 1, 0]),
])  # fmt: skip
def test_a_style_is_chosen_by_number_or_name(index: int | str, expected: list[float]) -> None:
    assert StyleChoice(index).mixture(NAMES, FILE) == expected


def test_a_blend_is_divided_by_its_sum() -> None:
    draws = random.Random(3)
    for _ in range(20):
        weights = [draws.uniform(0.1, 5) for _ in NAMES]
        parts = [f"{at}:{weight!r}" for at, weight in enumerate(weights)]
        draws.shuffle(parts)
        mixture = StyleChoice(blend=" , ".join(parts)).mixture(NAMES, FILE)
        assert mixture == pytest.approx([weight / sum(weights) for weight in weights])
    assert StyleChoice(blend="waves:1,1:2,0:1:1").mixture(NAMES, FILE) == [0, 0.75, 0, 0.25]


@pytest.mark.parametrize(("choice", "message"), [
    (StyleChoice(), "gen_ab.safetensors: has several styles: select one with --style_index"),
    (StyleChoice(), "styles: 0 dots, 1 waves, 2 2, 3 0:1"),
    (StyleChoice(1, "0:1"), "style_index and style_blend exclude each other"),
    (StyleChoice(4), "style_index: gen_ab.safetensors has no style 4; styles: 0 dots"),
    (StyleChoice(-1), "style_index: gen_ab.safetensors has no style -1"),
    (StyleChoice("oils"), "style_index: gen_ab.safetensors has no style oils"),
    (StyleChoice(blend="oils:1"), "style_blend: gen_ab.safetensors has no style oils"),
    (StyleChoice(blend="1"), "style_blend: 1 must be STYLE:WEIGHT"),
    (StyleChoice(blend="1:0"), "style_blend: 1:0 must be STYLE:WEIGHT with a weight above 0"),
    (StyleChoice(blend="1:-1"), "style_blend: 1:-1 must be"),
    (StyleChoice(blend="1:nan"), "style_blend: 1:nan must be"),
    (StyleChoice(blend="1:x"), "style_blend: 1:x must be"),
    (StyleChoice(blend="1:1,"), "style_blend: (empty) must be STYLE:WEIGHT"),
], ids=str)  # fmt: skip
def test_an_invalid_choice_is_rejected_with_what_there_is(
    choice: StyleChoice, message: str
) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        choice.mixture(NAMES, FILE)


def test_a_generator_with_a_chosen_style_is_an_ordinary_one() -> None:
    several = opened(styles=NAMES, step=7)
    one = with_style(several, StyleChoice("waves"), FILE)
    assert one.spec == {
        key: value for key, value in several.spec.items() if key != "styles"
    } | {"kind": "resnet_1blocks", "norm": "instance_affine"}  # fmt: skip
    assert one.about == {"step": 7, "style": {"waves": 1.0}}
    assert (style_names(several), style_names(one)) == (NAMES, [])
    assert in_words(several.spec) == "conditional_1blocks, 1 channels, norm its own, 4 styles"
    assert style_words(several) == "styles: 0 dots, 1 waves, 2 2, 3 0:1"
    assert style_words(with_style(several, StyleChoice(blend="0:1,1:3"), FILE)) == (
        "style 0.25 dots + 0.75 waves"
    )
    x = torch.rand(1, 3, 16, 16)
    with torch.no_grad():
        torch.testing.assert_close(
            one.network(x), several.network.eval()(x, torch.eye(4)[1:2]), rtol=0, atol=1e-5
        )


def test_a_generator_with_one_style_takes_no_choice() -> None:
    single = opened("resnet_1blocks")
    assert with_style(single, StyleChoice(), FILE) is single
    assert style_words(single) == ""
    with pytest.raises(ValueError, match=r"has only one style: remove --style_index"):
        with_style(single, StyleChoice(0), FILE)


def test_styles_without_valid_names_are_numbered() -> None:
    assert style_names(opened(styles="abcd")) == ["0", "1", "2", "3"]
    assert style_names(opened(styles=["a"])) == ["0", "1", "2", "3"]
    assert style_names(opened()) == ["0", "1", "2", "3"]
