"""Measure a generator by a fixed protocol, with each photograph's contribution to every metric."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from experiments.compare.artifacts import artifacts
from gan.config.choices import Split
from gan.config.tables.metrics import METRICS
from gan.domains import DIRECTIONS, Direction
from gan.evaluation import Settings, evaluate, open_folders, open_instruments
from gan.evaluation.command import Model, open_model
from gan.evaluation.folders import Folders, read_images
from gan.evaluation.instruments import Instruments
from gan.evaluation.measure import Evaluator
from gan.inference.devices import pick_device
from gan.metrics import Sampling
from gan.metrics.kernel import kid
from gan.system.processes import Processes

DEVICE = pick_device("auto")


@dataclass(frozen=True)
class Judge:
    """The protocol of measuring all recipes, with networks that are not in their losses."""

    root: Path
    features: str
    weights: Path | None
    lpips_alex: Path | None
    lpips_vgg: Path | None
    split: Split
    reference: Split
    direction: Direction
    size: int | None = None
    """Side of the images in pixels; None for the training's crop_size."""

    def instruments(self) -> Instruments:
        """Open the networks."""
        lpips = {"alexnet": self.lpips_alex, "vgg16": self.lpips_vgg}
        return open_instruments(self.features, self.weights, DEVICE, lpips=lpips)


def photograph(file: Path) -> str:
    """Return the name of a crop's photograph: the crop's name up to the last "_" or "-"."""
    stem = file.stem
    return stem[: max(stem.rfind("_"), stem.rfind("-"))] if {"_", "-"} & set(stem) else stem


def by_photograph(deviations: Sequence[float], files: Sequence[Path]) -> dict[str, float]:
    """Return the deviations of crops summed by photograph, because its crops are not independent.

    Deviations are scaled for n - 1 of n crops; the scale is removed, because the intervals use the
    number of photographs instead.
    """
    sums: dict[str, float] = defaultdict(float)
    scale = ((len(files) - 1) / len(files)) ** 0.5
    for deviation, file in zip(deviations, files, strict=True):
        sums[photograph(file)] += scale * deviation
    return dict(sums)


def measure(generator: Path, judge: Judge, instruments: Instruments) -> dict[str, Any]:
    """Return artifacts and metrics of a generator: value, value of sources, sums by photograph."""
    opened = open_model(generator, judge.root, judge.size, DEVICE, "fp32")
    folders: Folders = open_folders(opened.data, judge.split, judge.reference)
    settings = Settings((judge.direction,), resamples=200)
    run = {name: translator.run for name, translator in opened.translators.items()}
    ends = DIRECTIONS[judge.direction]
    sources = folders.sources[ends.source].files
    both = (*sources, *folders.references[ends.target].files)
    found: dict[str, Any] = {}
    for name, metric in evaluate(run, folders, opened.data, settings, instruments).metrics.items():
        if metric.deviations:
            files = both if len(metric.deviations) == len(both) else sources
            found[name] = {
                "value": metric.value,
                "unchanged": metric.unchanged and metric.unchanged.value,
                "photographs": by_photograph(metric.deviations, files),
            }
    photographs = read_images(sources, opened.data, ends.source)
    truth = [folders.pairs[file] for file in sources if file in folders.pairs]
    paired = len(truth) == len(sources)
    real = truth if paired else folders.references[ends.target].files
    found["artifacts"] = artifacts(
        translated(opened, judge.direction, photographs),
        photographs,
        read_images(real, opened.data, ends.target),
        paired,
    )
    return found


def translated(opened: Model, direction: Direction, images: Tensor) -> Tensor:
    """Return the translations of images (N, C, H, W), one by one, in [-1, 1] on the CPU."""
    run = opened.translators[direction].run
    with torch.no_grad():
        parts = [run(image[None].to(DEVICE)).float().cpu() for image in images]
    return torch.cat(parts).clamp(-1, 1)


def kid_of_the_truth(generator: Path, judge: Judge, instruments: Instruments) -> float | None:
    """Return the KID of the true images; None if the images have no truth."""
    data = open_model(generator, judge.root, judge.size, DEVICE, "fp32").data
    folders = open_folders(data, judge.split, judge.reference)
    ends = DIRECTIONS[judge.direction]
    if not folders.pairs or METRICS["kid"].least_images > len(folders.pairs) // 2:
        return None
    evaluator = Evaluator(instruments, data, 8, Processes())
    truth = evaluator.reference(folders.sources[ends.target], ends.target)
    reference = evaluator.reference(folders.references[ends.target], ends.target)
    assert truth
    assert reference
    features = truth.features
    return kid(features, features, reference.features, Sampling(0, 0)).value
