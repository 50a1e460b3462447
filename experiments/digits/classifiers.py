"""Small classifiers of digits, trained on the labels of one domain, also adapted to the other."""

from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from experiments.digits.domains import SIDE, Digits, jitter, noise
from gan.images.pixels import to_unit
from gan.semantics import Classifier, balanced, fit, fit_across

STEPS, BATCH = 3000, 64
TEACHERS = 3
VERDICT, FAR, NEAR = 0.4, 0.5, 0.2
"""Strength of jitter: of the target's digits for the teachers; of the source's, and of the target's
digits for the pupil. The last two differ much, so that each domain keeps its own forms: a 1 with a
flag is a 1 in one domain, and a 7 in the other."""
Change = Callable[[Tensor, torch.Generator], Tensor]
"""Changes images (N, 1, H, W) in [-1, 1] at random."""


def train_classifier(digits: Digits, seed: int, change: Change = noise) -> Classifier:
    """Train a classifier; network and number of steps are equal for all data."""
    classifier = untrained(seed)
    fit(classifier, batches(digits, seed, change))
    return classifier


def adapted_classifier(source: Digits, target: Tensor, seed: int) -> Classifier:
    """Train a classifier of both domains from the source's labels and the target's images only.

    target is uint8 (N, 1, H, W). Each teacher learns jittered digits of the source, and its own
    predictions for the target, which it balances to the source's class frequencies. The pupil
    learns the source, and the mean predictions of the teachers for the target.
    """
    shares = torch.bincount(source.labels, minlength=10) / len(source)
    seeds = range(seed * TEACHERS, (seed + 1) * TEACHERS)
    teachers = [teacher(source, target, shares, number) for number in seeds]
    opinion = torch.stack([log_probabilities(one, target) for one in teachers]).mean(dim=0)
    believed = Digits(target, balanced(opinion, shares).argmax(dim=1))
    pupil = untrained(seed)
    far, near = batches(source, seed, robust(FAR)), batches(believed, seed, robust(NEAR))
    both = zip(far, near, strict=True)
    fit(pupil, ((torch.cat([a, b]), torch.cat([of_a, of_b])) for (a, of_a), (b, of_b) in both))
    return pupil


def teacher(source: Digits, target: Tensor, shares: Tensor, seed: int) -> Classifier:
    classifier, draws = untrained(seed), torch.Generator().manual_seed(seed)
    rows = torch.Generator().manual_seed(seed)
    seen = (to_unit(target[any_of(target, rows)]) for _ in range(STEPS))
    pairs = ((images, jitter(images, draws, VERDICT)) for images in seen)
    fit_across(classifier, batches(source, seed, jitter), pairs, shares, STEPS)
    return classifier


def robust(most: float) -> Change:
    """Return jitter with noise, so that a classifier does not depend on a few gray levels."""
    return lambda images, draws: noise(jitter(images, draws, most), draws)


def untrained(seed: int) -> Classifier:
    return Classifier([str(number) for number in range(10)], 1, SIDE, seed)


def batches(digits: Digits, seed: int, change: Change) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield STEPS batches of random digits, changed, with their classes."""
    draws = torch.Generator().manual_seed(seed)
    for _ in range(STEPS):
        part = digits[any_of(digits.images, draws)]
        yield change(to_unit(part.images), draws), part.labels


def any_of(images: Tensor, draws: torch.Generator) -> Tensor:
    """Return the random row numbers of a batch."""
    return torch.randint(len(images), (BATCH,), generator=draws)


@torch.no_grad()
def log_probabilities(classifier: Classifier, images: Tensor) -> Tensor:
    """Return log probabilities (N, 10) for uint8 images (N, 1, H, W)."""
    logits = torch.cat([classifier(to_unit(part)) for part in images.split(500)])
    return logits.log_softmax(dim=1)


def verdicts(classifier: Classifier, images: Tensor) -> Tensor:
    """Return a classifier's predicted classes (N,)."""
    return log_probabilities(classifier, images).argmax(dim=1)


def accuracy(classifier: Classifier, digits: Digits) -> float:
    """Return a classifier's accuracy in percent."""
    return 100 * float((verdicts(classifier, digits.images) == digits.labels).float().mean())
