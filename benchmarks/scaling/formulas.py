"""Predict a training on many machines from what was measured on one; all times are in seconds."""

import itertools
import math
from collections.abc import Sequence


def slowest(draws: Sequence[float], processes: int) -> float:
    """Return the expected largest of independent draws, one for each process.

    The largest of P draws from n sorted measurements is at most the k-th with probability (k/n)^P.
    Beyond the measurements' own largest value it sees nothing: for many processes it is that.
    """
    ordered = sorted(draws)
    count = len(ordered)
    shares = [(k / count) ** processes for k in range(count + 1)]
    rises = (after - before for before, after in itertools.pairwise(shares))
    return sum(value * rise for value, rise in zip(ordered, rises, strict=True))


def ring_seconds(size: float, processes: int, bytes_per_second: float) -> float:
    """Return the time to average `size` bytes over processes in a ring.

    Each process sends and receives 2 (P - 1) / P times the bytes (Patarasuk and Yuan 2009).
    """
    return 2 * (processes - 1) / processes * size / bytes_per_second


def predicted_step(alone: Sequence[Sequence[float]], exchange: float) -> float:
    """Return the seconds of a step of len(alone) processes.

    alone: seconds of the steps of each process while they run without each other's gradients.
    A step ends with the slowest process, and then the gradients are averaged.
    """
    draws = [seconds for steps in alone for seconds in steps]
    return slowest(draws, len(alone)) + exchange


def best_interval(save: float, between_failures: float) -> float:
    """Return the time between two states that loses least (Young 1974): sqrt(2 save MTBF)."""
    return math.sqrt(2 * save * between_failures)


def lost_share(save: float, interval: float, resume: float, between_failures: float) -> float:
    """Return the share of all time that is lost: saving, steps done twice, and starting again."""
    return save / interval + (interval / 2 + resume) / between_failures
