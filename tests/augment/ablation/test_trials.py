"""Trials differ in pixels only, depend on their seed only, and count correct predictions."""

from itertools import islice
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from gan.augment.ablation.comparison import Scores
from gan.augment.ablation.trials import (
    COLOR,
    NONE,
    TRANSLATED,
    Condition,
    Labelled,
    Protocol,
    Translations,
    batches,
    run_trial,
    tally,
)
from gan.metrics.intervals import Sampling

CPU = torch.device("cpu")


def labeled(count: int = 12, side: int = 64, masks: bool = False, seed: int = 0) -> Labelled:
    rng = np.random.default_rng(seed)
    pixels = rng.integers(0, 100, (count, side, side, 3), np.uint8)
    labels = np.arange(count) % 3
    if masks:
        labels = rng.integers(0, 3, (count, side, side))
    return Labelled(pixels, labels, np.arange(count))


def protocol(steps: int = 6, flip: bool = True) -> Protocol:
    return Protocol(["a", "b", "c"], steps, flip, CPU)


def drawn(
    condition: Condition, samples: Labelled, own: Translations
) -> list[tuple[Tensor, Tensor]]:
    return [*batches(samples, own, condition, 3, protocol())]


@pytest.mark.parametrize("masks", [False, True])
def test_conditions_share_samples_moves_and_flips(masks: bool) -> None:
    """Translations are their sources, 100 gray levels lighter, so pixels distinguish them."""
    samples = labeled(masks=masks)
    own = Translations(samples.pixels + 100, [[number] for number in range(12)])
    before, after = drawn(NONE, samples, own), drawn(TRANSLATED[-1], samples, own)
    for (source, label), (shown, other) in zip(before, after, strict=True):
        assert torch.allclose(shown - source, torch.tensor(100 / 127.5))
        assert (label == other).all()
    shares, places = [], set[Any]()
    for condition in TRANSLATED:
        lighter = [
            (shown - source).mean((1, 2, 3)) > 0.1
            for (shown, _), (source, _) in zip(drawn(condition, samples, own), before, strict=True)
        ]
        now = {place for place in enumerate(torch.cat(lighter).tolist()) if place[1]}
        assert places <= now  # 25 % are among 50 %
        places = now
        shares.append(float(torch.cat(lighter).float().mean()))
    assert shares == pytest.approx([0.25, 0.5, 1], abs=0.15)


def test_samples_without_a_translation_are_not_changed() -> None:
    samples = labeled()
    own = Translations(
        samples.pixels + 100, [[number] if number % 3 else [] for number in range(12)]
    )
    for (source, label), (shown, _) in zip(
        drawn(NONE, samples, own), drawn(TRANSLATED[-1], samples, own), strict=True
    ):
        lighter = (shown - source).mean((1, 2, 3)) > 0.1
        assert (lighter == (label > 0)).all()


def test_masks_move_with_their_pictures() -> None:
    samples = labeled(masks=True)
    as_seen = (samples.labels * 100).astype(np.uint8)
    same = Labelled(np.repeat(as_seen[..., None], 3, axis=3), samples.labels, samples.images)
    for images, labels in drawn(NONE, same, Translations(same.pixels, [[]] * 12)):
        assert torch.allclose((images[:, 0] + 1) * 127.5, labels * 100.0, atol=1e-3)


def test_classes_are_drawn_with_equal_probability() -> None:
    samples = labeled(90)
    rare = Labelled(samples.pixels, np.array([0] * 80 + [1] * 8 + [2] * 2), samples.images)
    labels = torch.cat(
        [label for _, label in drawn(NONE, rare, Translations(rare.pixels, [[]] * 90))]
    )
    assert torch.bincount(labels).tolist() == pytest.approx([64] * 3, abs=20)


@pytest.mark.parametrize("condition", [COLOR, TRANSLATED[1]])
@pytest.mark.parametrize("masks", [False, True])
def test_a_trial_is_a_function_of_its_seed(condition: Condition, masks: bool) -> None:
    samples, test = labeled(masks=masks), labeled(masks=masks, seed=9)
    own = Translations(samples.pixels + 100, [[number] for number in range(12)])
    first, again, other = (
        run_trial(samples, own, test, condition, seed, protocol(4)) for seed in (5, 5, 6)
    )
    assert first[1] == again[1]
    assert all((a == b).all() for a, b in zip(first[0], again[0], strict=True))
    assert first[1] != other[1] or (first[0].hits != other[0].hits).any()


class Answer(nn.Module):
    """Predicts for every image, or pixel, the class of its red value."""

    def forward(self, images: Tensor) -> Tensor:
        red = ((images[:, 0] + 1) * 127.5).round().long()
        return torch.nn.functional.one_hot(red, 3).movedim(-1, 1).float()


class AnswerOnce(Answer):
    def forward(self, images: Tensor) -> Tensor:
        return super().forward(images)[:, :, 0, 0]


def test_a_tally_counts_crops_by_image_and_class() -> None:
    rng = np.random.default_rng(0)
    labels, answers = rng.integers(0, 3, 70), rng.integers(0, 3, 70)
    images = np.sort(rng.integers(0, 20, 70))
    images[-1] = 19
    pixels = np.broadcast_to(answers[:, None, None, None], (70, 16, 16, 3)).astype(np.uint8)
    found = tally(AnswerOnce(), Labelled(pixels, labels, images), 3, CPU)
    for image in range(20):
        for kind in range(3):
            own = (images == image) & (labels == kind)
            assert found.truth[image, kind] == found.total[image, kind] == own.sum()
            assert found.hits[image, kind] == (own & (answers == kind)).sum()


def test_a_tally_counts_pixels_of_unions_and_ignores_unknown_ones() -> None:
    rng = np.random.default_rng(0)
    labels, answers = rng.integers(-1, 3, (5, 16, 16)), rng.integers(0, 3, (5, 16, 16))
    pixels = np.repeat(answers[..., None], 3, axis=3).astype(np.uint8)
    found = tally(Answer(), Labelled(pixels, labels, np.arange(5)), 3, CPU)
    known = labels >= 0
    for image in range(5):
        for kind in range(3):
            truth, called = (labels == kind)[image], ((answers == kind) & known)[image]
            assert found.hits[image, kind] == (truth & called).sum()
            assert found.total[image, kind] == (truth | called).sum()
            assert found.truth[image, kind] == truth.sum()


def test_the_first_batches_do_not_depend_on_the_number_of_steps() -> None:
    samples = labeled()
    none = Translations(samples.pixels, [[]] * 12)
    short = [*batches(samples, none, NONE, 0, protocol(2))]
    long = [*islice(batches(samples, none, NONE, 0, protocol(9)), 2)]
    assert all((a[0] == b[0]).all() for a, b in zip(short, long, strict=True))


@pytest.mark.parametrize(("inverted_test", "word"), [(True, "better"), (False, "worse")])
def test_inverted_pictures_help_where_the_test_is_inverted_and_hurt_where_it_is_not(
    inverted_test: bool, word: str
) -> None:
    """The class is the light half of an image: an inverted image looks like the other class."""

    def halves(count: int, seed: int) -> Labelled:
        rng, labels = np.random.default_rng(seed), np.arange(count) % 2
        light = (np.arange(16) < 8) == (labels[:, None] == 0)
        shown = 80 + 90 * light[:, :, None, None] + rng.normal(0, 10, (count, 16, 16, 3))
        return Labelled(shown.astype(np.uint8), labels, np.arange(count))

    train, test = halves(40, 0), halves(30, 1)
    own = Translations(255 - train.pixels, [[number] for number in range(40)])
    if inverted_test:
        test = Labelled(255 - test.pixels, test.labels, test.images)
    settings = Protocol(["a", "b"], 40, False, CPU)
    tallies = {
        condition.name: [
            run_trial(train, own, test, condition, seed, settings)[0] for seed in range(3)
        ]
        for condition in (NONE, TRANSLATED[-1])
    }
    found = Scores(tallies, Sampling(0, 500)).difference(TRANSLATED[-1].name, NONE.name)
    assert found.word == word
    assert abs(found.value) > 0.9
