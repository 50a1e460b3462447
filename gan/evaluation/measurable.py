"""Determine before an evaluation which metrics it will have, and why others are skipped."""

from collections.abc import Collection

from gan.config import DataConfig
from gan.config.tables.metrics import METRICS, Need, full_name, names_of
from gan.domains import DIRECTIONS, Direction
from gan.evaluation.folders import Folders
from gan.evaluation.instruments import Instruments
from gan.images import read_size


def measurable(
    generators: Collection[Direction], folders: Folders, data: DataConfig, instruments: Instruments
) -> list[str]:
    """Return the names of the metrics that `evaluate` would measure, in both directions."""
    return [
        full_name(name, direction)
        for direction, ends in DIRECTIONS.items()
        if ends.source in folders.sources
        for name in measurable_in(direction, generators, folders, data, instruments)
    ]


def measurable_in(
    direction: Direction,
    generators: Collection[Direction],
    folders: Folders,
    data: DataConfig,
    instruments: Instruments,
) -> list[str]:
    """Return the names (kid, not kid_ab) of the metrics of a direction, in table order."""
    ends = DIRECTIONS[direction]
    reference = folders.references.get(ends.target)
    counts = [len(of.files) for of in (folders.sources[ends.source], reference) if of]
    met = _met(
        data,
        folders,
        instruments,
        translation=direction in generators,
        opposite=ends.opposite in generators,
        reference=reference is not None,
    )
    return [
        name
        for name, row in METRICS.items()
        if row.requires <= met
        and row.least_side <= data.crop_size
        and row.least_images <= min(counts)
    ]


def _met(
    data: DataConfig,
    folders: Folders,
    instruments: Instruments,
    *,
    translation: bool = True,
    opposite: bool = True,
    reference: bool = True,
) -> set[Need]:
    """Return the needs that are met.

    translation, opposite, reference: whether a direction has its generator, the generator of the
    other direction, and reference images.
    """
    lpips = instruments.lpips_at(data.crop_size)
    needs: dict[Need, bool] = {
        "translation": translation,
        "opposite": opposite,
        "reference": reference,
        "channels": data.channels_a == data.channels_b,
        "extractor": instruments.extractor is not None,
        "pairs": bool(folders.pairs),
        "torchmetrics": instruments.similarity,
        "lpips": "alexnet" in lpips or instruments.extractor is not None,
        "lpips_vgg": "vgg16" in lpips,
    }
    return {need for need, met in needs.items() if met}


def skipped(data: DataConfig, folders: Folders, instruments: Instruments) -> list[str]:
    """Return notes on the metrics that are skipped for these images, with reasons."""
    # Missing generators and folders are not listed: their names appear elsewhere.
    notes, met = [], _met(data, folders, instruments)
    possible = {name: row for name, row in METRICS.items() if row.requires <= met}
    smallest = min(
        len(folder.files) for folder in (*folders.sources.values(), *folders.references.values())
    )
    for least in sorted({row.least_images for row in METRICS.values()}):
        names = [name for name, row in possible.items() if row.least_images == least > smallest]
        few = "one image: they require two" if least == 2 else f"fewer than {least} images"
        notes += [f"{', '.join(names)} skipped if a folder has {few}"] if names else []
    if len(folders.sources) == 2 and not folders.pairs:
        notes.append(f"{', '.join(names_of('pairs'))} skipped: no image has a pair")
    for name, row in possible.items():
        if row.least_side > data.crop_size:
            notes.append(
                f"{name} skipped: requires {row.least_side} pixels a side, not {data.crop_size}"
            )
    if folders.pairs and "lpips" not in met:
        notes.append("lpips skipped: no extractor, and no AlexNet at 64 pixels a side or more")
    if data.resize != "square" and (odd := _unlike(folders)):
        notes.append(f"{odd} pairs differ in aspect: their middle squares show different parts")
    return notes


def _unlike(folders: Folders) -> int:
    """Return the number of pairs whose aspect ratios differ by more than a rounded pixel."""
    shapes = [(read_size(one), read_size(other)) for one, other in folders.pairs.items()]
    return sum(abs(w * y - x * h) > max(w, x, h, y) for (w, h), (x, y) in shapes) // 2
