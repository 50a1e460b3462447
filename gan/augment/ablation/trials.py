"""Train and test a small network under one condition.

All conditions of a seed share initial weights, order of samples, flips and shifts, and differ only
in pixels. The test set is not used before the last step.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from torch.optim.lr_scheduler import LambdaLR

from gan.augment.ablation.color import Color
from gan.augment.ablation.networks import build_network
from gan.augment.ablation.pictures import UNKNOWN, Pixels
from gan.images.pixels import to_unit

BATCH, MASKS = 32, 16
"""Samples per step; fewer with masks, because each has many pixels."""
LEARNING_RATE = 1e-3
"""Adam's learning rate; it falls to 0 over the second half of the steps."""
MOVED = 8
"""Pictures are shifted by at most 1 / MOVED of a side; the missing part is filled by reflection."""

Numbers = NDArray[np.int64]


class Condition(NamedTuple):
    """The kind of pictures that a network is trained on."""

    name: str
    share: float = 0
    """Probability that a sample is replaced by its translation, if it has one."""
    color: bool = False


NONE, COLOR = Condition("none"), Condition("color augmentation", color=True)
TRANSLATED = tuple(Condition(f"translated {share} %", share / 100) for share in (25, 50, 100))
CONDITIONS = (NONE, COLOR, *TRANSLATED)


@dataclass(frozen=True)
class Labelled:
    """Pictures (n, side, side, 3), uint8, and their classes: (n,), or (n, side, side) for masks.

    The class -1 stands for classes that no training sample has.
    """

    pixels: Pixels
    labels: Numbers
    images: Numbers
    """The number of the image from which each was cut, (n,), from 0."""

    @property
    def masks(self) -> bool:
        return self.labels.ndim > 1


@dataclass(frozen=True)
class Translations:
    """Pictures (m, side, side, 3) that can replace samples."""

    pixels: Pixels
    of: Sequence[Sequence[int]]
    """For each sample, the indices of its translations in `pixels`: none, one or several."""


class Tally(NamedTuple):
    """Counts for each test image and class, (images, classes), float64."""

    hits: Tensor
    """Correctly predicted samples of the class; pixels for masks."""
    total: Tensor
    """Samples of the class; for masks, pixels that have the class or are predicted to have it."""
    truth: Tensor
    """Samples of the class; pixels for masks."""


@dataclass(frozen=True)
class Protocol:
    """The settings that all trials share."""

    classes: list[str]
    steps: int
    flip: bool
    device: torch.device


class _Draws:
    """All random draws of a step, which depend on the seed and not on the condition."""

    def __init__(self, seed: int, step: int, samples: Labelled, flip: bool) -> None:
        rng, count = np.random.default_rng([seed, step]), batch_size(samples.masks)
        self.chosen = _choose(rng, samples, count)
        self.flipped = (rng.random(count) < 0.5) & flip
        most = samples.pixels.shape[1] // MOVED
        self.moves = rng.integers(-most, most + 1, (count, 2))
        self.shares, self.which = rng.random(count), rng.random(count)
        self.colors = rng.integers(2**31, size=count)


def batch_size(masks: bool) -> int:
    """Return the number of samples per step."""
    return MASKS if masks else BATCH


def _choose(rng: np.random.Generator, samples: Labelled, count: int) -> Numbers:
    """Draw the samples of a batch: uniformly for masks, else with equal probability per class."""
    if samples.masks:
        return rng.integers(len(samples.labels), size=count)
    order = np.argsort(samples.labels, kind="stable")
    _, starts, counts = np.unique(samples.labels[order], return_index=True, return_counts=True)
    kinds = rng.integers(len(starts), size=count)
    chosen: Numbers = order[starts[kinds] + (rng.random(count) * counts[kinds]).astype(np.int64)]
    return chosen


def batches(
    samples: Labelled,
    translations: Translations,
    condition: Condition,
    seed: int,
    protocol: Protocol,
) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield a training's batches: images (N, 3, side, side) in [-1, 1], and their classes.

    Classes are (N,), or (N, side, side) for masks.
    """
    color = Color() if condition.color else None
    for step in range(protocol.steps):
        draws = _Draws(seed, step, samples, protocol.flip)
        pixels, labels = list[Pixels](), list[Numbers]()
        for at, number in enumerate(draws.chosen.tolist()):
            picture = _shown(samples, translations, condition, draws, at, number)
            if color:
                picture = color(picture, int(draws.colors[at]))
            place = _place(picture.shape[0], draws.moves[at], bool(draws.flipped[at]))
            pixels.append(picture[place])
            labels.append(
                samples.labels[number][place] if samples.masks else samples.labels[number]
            )
        yield _unit(np.stack(pixels)), torch.from_numpy(np.stack(labels))


def _shown(
    samples: Labelled,
    translations: Translations,
    condition: Condition,
    draws: _Draws,
    at: int,
    number: int,
) -> Pixels:
    """Return a sample's picture or, as the draws at `at` decide, one of its translations."""
    own = translations.of[number]
    shown: Pixels = samples.pixels[number]
    if own and draws.shares[at] < condition.share:
        shown = translations.pixels[own[int(draws.which[at] * len(own))]]
    return shown


def _place(side: int, moves: Numbers, flipped: bool) -> tuple[Numbers, Numbers]:
    """Return the row and column indices that shift a picture by `moves` and perhaps mirror it."""
    rows, columns = (_reflected(np.arange(side) + move, side) for move in moves)
    rows_and_columns: Any = np.ix_(rows, columns[::-1] if flipped else columns)
    found: tuple[Numbers, Numbers] = rows_and_columns
    return found


def _reflected(places: Numbers, side: int) -> Numbers:
    """Return indices with those beyond the edges reflected into the picture."""
    inside: Numbers = side - 1 - np.abs(side - 1 - np.abs(places))
    return inside


def _unit(pixels: Pixels) -> Tensor:
    """Return pictures (N, H, W, 3) as (N, 3, H, W) in [-1, 1]."""
    return to_unit(torch.from_numpy(np.ascontiguousarray(pixels.transpose(0, 3, 1, 2))))


def run_trial(
    samples: Labelled,
    translations: Translations,
    test: Labelled,
    condition: Condition,
    seed: int,
    protocol: Protocol,
    tick: Callable[[], object] = lambda: None,
) -> tuple[Tally, float]:
    """Train a network and test it; return its tally and its accuracy on the last training batches.

    `tick` is called after every step.
    """
    side = samples.pixels.shape[1]
    network = build_network(protocol.classes, side, seed, masks=samples.masks)
    network.to(protocol.device)
    right = _train(
        network, batches(samples, translations, condition, seed, protocol), protocol, tick
    )
    return tally(network.eval(), test, len(protocol.classes), protocol.device), right


def _train(
    network: nn.Module,
    batches: Iterator[tuple[Tensor, Tensor]],
    protocol: Protocol,
    tick: Callable[[], object],
) -> float:
    """Train a network in place, with a step of Adam for each batch; return its accuracy.

    Accuracy is the mean over the last quarter of the batches, each measured before its step.
    """
    steps = protocol.steps
    optimizer = torch.optim.Adam(network.parameters(), lr=LEARNING_RATE)
    schedule = LambdaLR(optimizer, lambda step: min(1, 2 * (1 - step / steps)))
    right = list[Tensor]()
    for pictures, classes in batches:
        images, labels = pictures.to(protocol.device), classes.to(protocol.device)
        logits = network(images)
        optimizer.zero_grad()
        cross_entropy(logits, labels).backward()
        optimizer.step()
        schedule.step()
        right.append((logits.detach().argmax(dim=1) == labels).float().mean())
        tick()
    return float(torch.stack(right[-max(1, steps // 4) :]).mean())


@torch.inference_mode()
def tally(network: nn.Module, test: Labelled, classes: int, device: torch.device) -> Tally:
    """Return the counts of a network's correct predictions on a test set, by image and class."""
    shape = int(test.images.max()) + 1, classes
    hits, called, truth = (torch.zeros(shape, dtype=torch.float64) for _ in range(3))
    for start in range(0, len(test.labels), BATCH):
        part = slice(start, start + BATCH)
        images = torch.from_numpy(test.images[part])
        labels = torch.from_numpy(test.labels[part])
        answers = network(_unit(test.pixels[part]).to(device)).argmax(dim=1).cpu()
        images = images.view(-1, *[1] * (labels.ndim - 1)).expand_as(labels)
        for counts, found, where in (
            (hits, labels, (answers == labels)),
            (called, answers, labels != UNKNOWN),
            (truth, labels, labels != UNKNOWN),
        ):
            one = torch.ones(int(where.sum()), dtype=torch.float64)
            counts.index_put_((images[where], found[where]), one, accumulate=True)
    return Tally(hits, called + truth - hits if test.masks else truth, truth)
