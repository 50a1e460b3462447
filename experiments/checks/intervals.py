"""Draw collections of features many times, and measure the coverage of their intervals.

python -m experiments.checks.intervals                       # ten minutes of one core
python -m experiments.checks.intervals --images [500] --draws 1000

A 95 % interval should contain the mean of all draws in 95 % of them. If translations and sources
have equal distributions, the comparison should be "no clear difference" equally often. And
evaluate.patience should detect an evaluation that is better on the same images.
"""

import numpy as np
import torch
from jsonargparse import auto_cli
from torch import Tensor

from gan.metrics import Distances, Sampling, interval_around
from gan.metrics.frechet import fid
from gan.metrics.kernel import kernel_estimate, kid

METRICS = {"KID": kid, "FID": fid}


def intervals(
    images: list[int] = [200, 500, 1000],  # noqa: B006, jsonargparse shows it
    widths: list[int] = [64, 256],  # noqa: B006
    shifts: list[float] = [0.0, 0.3],  # noqa: B006
    kinds: list[str] = ["skewed", "rectified"],  # noqa: B006
    draws: int = 300,
) -> None:
    """Print a line for each case: percentages of draws, for KID and FID.

    Args:
        images: Numbers of images in both collections.
        widths: Numbers of features per image.
        shifts: Shifts of the translations in every feature.
        kinds: Distributions of features: skewed, gaussian or rectified.
        draws: Draws of each case.
    """
    print(f"| features | images | shift | {' | '.join(columns())} |")
    print("| --- " * (3 + len(columns())) + "|")
    for kind in kinds:
        for width in widths:
            for count in images:
                for shift in shifts:
                    row = case(kind, width, count, shift, draws)
                    shown = " | ".join(f"{share:.1f}" for share in row)
                    print(f"| {width}, {kind} | {count} | {shift} | {shown} |", flush=True)
    seen, chance = patience(draws, 0.27), patience(draws, 0.30)
    print(
        f"evaluate.patience, 120 images: a KID lower by a sixth is found in {seen:.1f} % of draws,"
    )
    print(f"an equal KID is taken for lower in {chance:.1f} %")


def columns() -> list[str]:
    """Return the titles of the columns."""
    return [f"{name} {what}" for name in METRICS for what in ("held", "change by chance")]


def case(kind: str, width: int, count: int, shift: float, draws: int) -> list[float]:
    """Return the percentages of draws for each column."""
    rng = np.random.default_rng([width, count])
    mixing = rng.normal(size=(width, width)) / np.arange(1, width + 1) ** 0.5 / 2
    found: dict[str, list[Distances]] = {name: [] for name in METRICS}
    for _ in range(draws):
        reference = features(rng, kind, count, mixing, 0)
        fake, source = (features(rng, kind, count, mixing, shift / 3.3) for _ in ("fake", "source"))
        for name, metric in METRICS.items():
            found[name].append(metric(fake, source, reference, Sampling(0, 100)))
    shares = []
    for each in found.values():
        mean = float(np.mean([distances.value for distances in each]))
        estimates = [distances.estimates for distances in each if distances.estimates]
        held = [low <= mean <= high for low, high in (interval_around(*e) for e, _ in estimates)]
        differences = [
            interval_around(one.value - other.value, one.deviations - other.deviations)
            for one, other in estimates
        ]
        shares += [100 * np.mean(held), 100 * np.mean([not a <= 0 <= b for a, b in differences])]
    return [float(share) for share in shares]


def features(
    rng: np.random.Generator, kind: str, count: int, mixing: np.ndarray, shift: float
) -> Tensor:
    """Draw correlated features (count, width)."""
    drawn = rng.normal(size=(count, len(mixing)))
    if kind == "skewed":
        drawn = np.exp(drawn / 2) - np.exp(1 / 8)
    mixed = drawn @ mixing + shift
    return torch.from_numpy(mixed.clip(0) if kind == "rectified" else mixed)


def patience(draws: int, later: float) -> float:
    """Return how often 120 images are found nearer in a second evaluation, in %."""
    rng, seen = np.random.default_rng(0), 0
    for _ in range(draws):
        reference, images = (torch.from_numpy(rng.exponential(size=(120, 32))) for _ in range(2))
        before, after = (
            kernel_estimate(
                images + far + torch.from_numpy(rng.normal(size=(120, 32))) / 10, reference
            )
            for far in (0.30, later)
        )
        difference = after.value - before.value
        seen += interval_around(difference, after.deviations - before.deviations)[1] < 0
    return 100 * seen / draws


if __name__ == "__main__":
    auto_cli(intervals, as_positional=False)
