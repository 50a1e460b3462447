"""The small classifiers of digits: of one domain's labels, or of both domains' looks."""

from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from experiments.digits.domains import SIDE, Digits, jitter, noise
from gan.images.pixels import to_unit
from gan.semantics import Classifier, balanced, fit, fit_across

STEPS, BATCH = 3000, 64
TEACHERS = 3
VERDICT, FAR, NEAR = 0.4, 0.5, 0.2
"""How much digits are jittered: the target's that teachers learn; for the pupil, the source's and
the target's. Far apart as both are, each domain keeps its own habits: a 1 with a flag is a 1 in
the one, and a 7 in the other."""

Change = Callable[[Tensor, torch.Generator], Tensor]
"""Images (N, 1, H, W) in [-1, 1] to others, by random draws."""


def train_classifier(digits: Digits, seed: int, change: Change = noise) -> Classifier:
    """The same network and number of steps whatever it is trained on."""
    classifier = untrained(seed)
    fit(classifier, batches(digits, seed, change))
    return classifier


def adapted_classifier(source: Digits, target: Tensor, seed: int) -> Classifier:
    """A classifier of both domains, out of the source's labels and the target's images alone.

    Each of the teachers learns jittered digits of the source and what it takes the target's for,
    all classes being as frequent as in the source. What they take the target for together is what
    the pupil learns. target: uint8 (N, 1, H, W).
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
    """Jittered thus far and under noise: what is taught so is not fooled by a few grey levels."""
    return lambda images, draws: noise(jitter(images, draws, most), draws)


def untrained(seed: int) -> Classifier:
    return Classifier([str(number) for number in range(10)], 1, SIDE, seed)


def batches(digits: Digits, seed: int, change: Change) -> Iterator[tuple[Tensor, Tensor]]:
    """Digits at random, changed, with their classes."""
    draws = torch.Generator().manual_seed(seed)
    for _ in range(STEPS):
        part = digits[any_of(digits.images, draws)]
        yield change(to_unit(part.images), draws), part.labels


def any_of(images: Tensor, draws: torch.Generator) -> Tensor:
    """The rows of a batch."""
    return torch.randint(len(images), (BATCH,), generator=draws)


@torch.no_grad()
def log_probabilities(classifier: Classifier, images: Tensor) -> Tensor:
    """(N, 10) of uint8 images (N, 1, H, W)."""
    logits = torch.cat([classifier(to_unit(part)) for part in images.split(500)])
    return logits.log_softmax(dim=1)


def verdicts(classifier: Classifier, images: Tensor) -> Tensor:
    """The classes (N,) that it takes images for."""
    return log_probabilities(classifier, images).argmax(dim=1)


def accuracy(classifier: Classifier, digits: Digits) -> float:
    """In percent."""
    return 100 * float((verdicts(classifier, digits.images) == digits.labels).float().mean())
