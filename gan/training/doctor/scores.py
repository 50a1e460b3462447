"""Signals of logged values: pure functions of numbers from several steps.

Scores are a discriminator's means over patches and images. Losses are those of
gan/training/objective.py.
"""

from collections.abc import Sequence
from statistics import fmean, median


def edge(losses: Sequence[float], chance: float) -> float:
    """Return 1 - L / chance: 0 if the discriminator guesses, 1 if it is always certain.

    L is the mean of `losses`; `chance` is the loss of a discriminator that guesses, from the row of
    the adversarial form. At 1 every patch has reached its target: 1 or 0 with lsgan, far above or
    below 0 with vanilla, beyond +-1 with hinge. Then the discriminator learns nothing more, and its
    gradients no longer inform the generators. Not defined for a critic: see stretch.
    """
    return 1 - fmean(losses) / chance


def stretch(real: Sequence[float], fake: Sequence[float], distance: float) -> float:
    """Return (mean real - mean fake) / distance: a critic's gap, relative to the largest permitted.

    A critic whose gradient has norm 1 at most separates two sets of pictures by no more than their
    distance, E |x - y| over pairs of both (the Wasserstein distance of Arjovsky et al. 2017 with
    independent pairs). Above 1 the gradient penalty is not effective.
    """
    return (fmean(real) - fmean(fake)) / distance


def lead(real: Sequence[float], fake: Sequence[float]) -> float:
    """Return mean real - mean fake, in scores: above 0 if real images score higher, as they should.

    About 0 in a balanced game; only values far below 0 mean that the discriminator has lost.
    """
    return fmean(real) - fmean(fake)


def spread(real: Sequence[float], fake: Sequence[float]) -> float:
    """Return max - min of all scores, of real images and of translations, over the steps.

    In a balanced game the means are equal, but they change from step to step with the images.
    About 0 means a discriminator that gives every image the same score.
    """
    scores = [*real, *fake]
    return max(scores) - min(scores)


def teaching(spread: float, pace: float) -> float:
    """Return spread * min(1, 4 * pace): the range of scores that the discriminator has learned.

    pace is the discriminators' learning rate divided by that of the generators; a quarter is usual.
    Below that the range counts for less: a discriminator that hardly learns has a range of scores
    too, because the pictures differ.
    """
    return spread * min(1.0, 4 * pace)


def growth(norms: Sequence[float], before: Sequence[float]) -> float:
    """Return (second largest of norms) / median(before): growth of the gradients before clipping.

    The largest norm is ignored because a single large step is common and harmless with Adam. The
    median of norms would not do: after updates that are far too large, tanh is saturated, and
    gradients vanish within a few steps.
    """
    return sorted(norms)[-2] / max(median(before), 1e-12)
