"""What can be read off logged values: signals as pure functions of numbers from several steps.

Scores are a discriminator's means over patches and images, losses those of
gan/training/objective.py.
"""

from collections.abc import Sequence
from statistics import fmean, median


def edge(losses: Sequence[float], chance: float) -> float:
    """Return 1 - L / L(chance): 0 where the discriminator cannot tell, 1 where it is always sure.

    L is the mean of its losses, L(chance) that of its adversarial form's row. At 1 every patch has
    reached its target: (1, 0) with lsgan, far beyond 0 with vanilla, beyond +-1 with hinge; it
    learns nothing more, and its gradients tell the generators nothing, whatever they change. Not
    defined for a critic: see stretch.
    """
    return 1 - fmean(losses) / chance


def stretch(real: Sequence[float], fake: Sequence[float], distance: float) -> float:
    """Return (mean real - mean fake) / distance: a critic's gap by what it may be.

    A critic whose gradient has at most norm 1 separates two sets of pictures by no more than their
    distance, E |x - y| over pairs of both (the Wasserstein distance of Arjovsky et al. 2017 with
    independent pairs): so above 1 the penalty does not hold.
    """
    return (fmean(real) - fmean(fake)) / distance


def lead(real: Sequence[float], fake: Sequence[float]) -> float:
    """Return mean real - mean fake, in scores: above 0 where real images score higher, as they
    should.

    About 0 in a balanced game, so only what is far below 0 means that it is lost.
    """
    return fmean(real) - fmean(fake)


def spread(real: Sequence[float], fake: Sequence[float]) -> float:
    """Return max - min of all scores, of real images and of translations, over the steps.

    In a balanced game the means are alike, and yet every step has others: each shows other images.
    About 0 is a discriminator that scores everything alike.
    """
    scores = [*real, *fake]
    return max(scores) - min(scores)


def teaching(spread: float, pace: float) -> float:
    """Return spread * min(1, 4 * pace): the range of scores, as far as it can be the
    discriminator's own.

    Weights that hardly move give scores a range too, that of the pictures. pace is the
    discriminators' learning rate by that of the generators; a quarter of it is usual,
    less is worth less.
    """
    return spread * min(1.0, 4 * pace)


def growth(norms: Sequence[float], before: Sequence[float]) -> float:
    """Return the second largest of norms / median(before): gradients, before any clipping, by their
    past.

    One wild step is not rare and does no harm to Adam. It is not the median of norms: after updates
    that are far too large tanh is saturated, and gradients vanish within a few steps.
    """
    return sorted(norms)[-2] / max(median(before), 1e-12)
