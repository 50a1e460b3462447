"""Read the pictures of a plan, and their translations, into memory."""

import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from gan.augment.ablation.pictures import Pixels, read_crops, read_maps
from gan.augment.ablation.plan import Plan, in_output
from gan.augment.ablation.samples import Sample
from gan.augment.ablation.trials import Labelled, Numbers, Translations
from gan.augment.dataset import PROVENANCE
from gan.config.choices import Range
from gan.system.failures import Failure

SIDE = 64
"""Side of the networks' square inputs, in pixels."""


@dataclass(frozen=True)
class Material:
    """The training samples, translations and test samples that all trials share."""

    train: Labelled
    translations: Translations
    test: Labelled
    failures: list[Failure]
    """Pictures that cannot be read, with the reasons."""


def read_material(
    plan: Plan,
    root: Path,
    output: Path,
    ranges: tuple[Range | None, Range | None],
    max_megapixels: float,
) -> Material:
    """Read the pictures of a plan and the accepted translations in the output.

    `ranges` are the ranges of the generators' inputs and outputs. ValueError if no training
    sample or no test sample can be read.
    """
    accepted = _accepted(output)
    train, chosen, failures = _read(plan, root, plan.train, ranges[0], max_megapixels)
    test, _, more = _read(plan, plan.test_set.root, plan.test, ranges[1], max_megapixels)
    places = [
        (number, in_output(plan.train[at], name))
        for number, at in enumerate(chosen)
        for name in accepted[plan.train[at].image]
    ]
    crops, others = read_crops(
        output, [sample for _, sample in places], SIDE, ranges[1], max_megapixels
    )
    of = [list[int]() for _ in chosen]
    there = list[Pixels]()
    for (number, _), crop in zip(places, crops, strict=True):
        if crop is not None:
            of[number].append(len(there))
            there.append(crop)
    translations = Translations(_stacked(there), of)
    return Material(train, translations, test, failures + more + others)


def _accepted(output: Path) -> defaultdict[Path, list[str]]:
    """Return the accepted translations of each image, as paths relative to the output."""
    found = defaultdict[Path, list[str]](list)
    for each in map(json.loads, (output / PROVENANCE).read_bytes().splitlines()):
        if each["decision"] == "accepted":
            found[Path(each["source"])].append(each["output"])
    return found


def _read(
    plan: Plan,
    root: Path,
    samples: Sequence[Sample],
    values: Range | None,
    max_megapixels: float,
) -> tuple[Labelled, list[int], list[Failure]]:
    """Return the readable samples, their indices in `samples`, and the failures."""
    numbers = {name: at for at, name in enumerate(plan.classes)}
    crops, failures = read_crops(root, samples, SIDE, values, max_megapixels)
    labels: Sequence[Numbers | None]
    if plan.masks:
        labels = read_maps(root, samples, numbers, SIDE)
    else:
        labels = [np.array(numbers[str(sample.kind)]) for sample in samples]
    read = [(at, c, label) for at, (c, label) in enumerate(zip(crops, labels, strict=True))]
    whole = [(at, c, label) for at, c, label in read if c is not None and label is not None]
    if not whole:
        raise ValueError(f"{root}: none of its {len(samples)} labeled images can be read")
    images = [samples[at].image for at, _, _ in whole]
    order = {image: number for number, image in enumerate(dict.fromkeys(images))}
    found = Labelled(
        np.stack([crop for _, crop, _ in whole]),
        np.stack([label for _, _, label in whole]),
        np.array([order[image] for image in images]),
    )
    return found, [at for at, _, _ in whole], failures


def _stacked(pictures: Sequence[Pixels]) -> Pixels:
    """Return pictures as one array (n, SIDE, SIDE, 3), also if there are none."""
    return np.stack(pictures) if pictures else np.empty((0, SIDE, SIDE, 3), np.uint8)
