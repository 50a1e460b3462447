"""The gates: good translations of real photographs pass, damaged ones do not."""

import json
import os
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from demo.dataset import training_crops
from experiments.checks.bad_translations import (
    FAILURES,
    PAINTERS,
    Pixels,
    Spoiling,
    rates,
    translations,
)
from gan.augment import AugmentOptions, augment
from gan.augment.dataset import Box
from gan.augment.gates import GATES, failed, parse, threshold, thresholds
from gan.augment.scores import measure
from gan.images import write_image
from gan.images.pixels import from_array, to_image
from gan.inference.translator import Translator
from gan.metrics.structure import agreement, displaced, field

DATA = os.environ.get("GAN_DATA")


@pytest.fixture(scope="module")
def photos() -> list[Pixels]:
    """Return crops of real photographs, 144 x 144 pixels."""
    names = ("flower", "motorcycle", "rocket", "china")
    return [np.asarray(crop) for name in names for crop in training_crops(name)][::2]


@pytest.mark.parametrize("painter", PAINTERS)
def test_failures_are_rejected_and_good_translations_are_not(
    photos: list[Pixels], painter: str
) -> None:
    """For 48 of each kind, with the default gates and two random boxes each."""
    found = rates([(photo, PAINTERS[painter](photo)) for photo in photos])
    assert found.pop("good") < 0.05
    assert min(found.values()) >= 0.95, found


@pytest.mark.skipif(not DATA, reason="GAN_DATA names no folder with testA and testB")
def test_true_paintings_of_photographs_pass() -> None:
    _, pairs = next(translations(Path(str(DATA))))
    found = rates(pairs)
    assert found.pop("good") < 0.05
    assert min(found.values()) >= 0.95, found


def test_the_command_rejects_what_is_planted_among_good_translations(
    tmp_path: Path, photos: list[Pixels], monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a translator that shifts, mirrors, blanks or inverts a tenth of the images."""
    for number, photo in enumerate(photos):
        write_image(to_image(from_array(photo)), tmp_path / "in" / "things" / f"{number:03d}.png")
    spoiling = Spoiling(PAINTERS["painted"], photos)
    model = tmp_path / "gen_ab.safetensors"
    model.write_bytes(b"")
    monkeypatch.setattr(Translator, "load", lambda *_, **__: spoiling)
    given = {"model": [model], "dataset": tmp_path / "in", "output": tmp_path / "out"}
    assert augment(AugmentOptions.model_validate(given | {"format": "imagefolder"})) == 0
    text = (tmp_path / "out" / "augmentation.jsonl").read_text()
    decisions = defaultdict(list)
    for line in map(json.loads, text.splitlines()):
        kind = spoiling.spoils(int(Path(line["source"]).stem))
        decisions[kind].append(line["decision"])
    good = decisions.pop(None)
    assert good.count("rejected") < 0.05 * len(good)
    assert decisions.keys() == FAILURES.keys()
    assert {each for found in decisions.values() for each in found} == {"rejected"}


def test_agreement_equals_a_second_implementation(photos: list[Pixels]) -> None:
    """Pearson's correlation of the angles' doubled vectors without their means, in float64."""
    one, other = field(photos[0]), field(PAINTERS["painted"](photos[0]))
    vectors = [np.stack([f.real, f.imag]).astype(np.float64).ravel() for f in (one, other)]
    expected = vectors[0] @ vectors[1] / np.linalg.norm(vectors[0]) / np.linalg.norm(vectors[1])
    assert agreement(one, other) == pytest.approx(expected, abs=1e-5)
    assert agreement(one, one) == pytest.approx(1, abs=1e-6)


def test_a_wrapped_shift_is_found_exactly(photos: list[Pixels]) -> None:
    """The best shift has agreement 1, so the gain is 1 minus the agreement without a shift."""
    drawn = field(photos[3])
    moved = np.roll(drawn, (5, -3), (0, 1))
    here = agreement(drawn, moved)
    assert here is not None
    assert displaced(drawn, moved) == pytest.approx(1 - here, abs=1e-4)
    assert displaced(drawn, drawn) == pytest.approx(0, abs=1e-6)


def test_negatives_keep_structure_and_invert_lightness(photos: list[Pixels]) -> None:
    scores = measure(photos[0], 255 - photos[0])
    assert scores["structure"] == pytest.approx(1, abs=1e-4)
    assert scores["luma"] == pytest.approx(-1, abs=1e-4)


def test_a_flat_source_has_nothing_to_preserve() -> None:
    flat = np.full((64, 64, 3), 90, np.uint8)
    scores = measure(flat, flat + 40, boxes=[Box(0, 0, 1, 1, relative=True)])
    assert scores == dict.fromkeys(scores)
    assert not failed(scores, thresholds({name: gate.default for name, gate in GATES.items()}, []))


def test_a_replaced_object_fails_only_in_its_box(photos: list[Pixels]) -> None:
    photo = photos[0]
    spoiled = photo.copy()
    spoiled[20:80, 30:90] = photo[80:140, 60:120][::-1, ::-1]
    box, other = Box(30, 20, 90, 80), Box(0, 90, 60, 140)
    inside = measure(photo, spoiled, boxes=[box, other])["edges"]
    outside = measure(photo, spoiled, boxes=[other])["edges"]
    mask = np.zeros((*photo.shape[:2], 3), np.uint8)
    mask[20:80, 30:90] = 200
    masked = measure(photo, spoiled, mask=mask)["edges"]
    assert inside is not None
    assert masked is not None
    assert max(inside, masked) < 0.3
    assert outside == pytest.approx(1, abs=1e-3)


@given(st.lists(st.floats(-1, 1), min_size=5, max_size=60), st.integers(0, 50))
@settings(max_examples=50)
def test_a_percentage_lets_at_most_that_part_fail(values: list[float], percent: int) -> None:
    for name in ("structure", "cycle"):
        limits: dict[str, Any] = dict.fromkeys(GATES)
        limits[name] = threshold(GATES[name], f"{percent}%", values)
        lost = sum(bool(failed({name: value}, limits)) for value in values)
        assert lost <= percent / 100 * len(values)


def test_values_far_from_the_majority_fail_by_mad() -> None:
    """36 of 40 differ by at most 0.01; the distance of the other four changes nothing."""
    rng = np.random.default_rng(0)
    for off in (0.3, 3.0):
        values = [*(0.1 + 0.005 * rng.normal(size=36)), *([0.1 + off] * 4)]
        limit = threshold(GATES["cycle"], "6mad", values)
        assert limit is not None
        assert 0.1 < limit < 0.2


@pytest.mark.parametrize("text", ["", "x", "1.2.3", "5 %%", "-3%", "101%", "mad", "nan"])
def test_invalid_thresholds_are_rejected(text: str) -> None:
    with pytest.raises(ValueError, match=r"must be a number|at most 100%"):
        parse(text)
