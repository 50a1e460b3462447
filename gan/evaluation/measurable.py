"""Which metrics an evaluation will have, known before it begins."""

from collections.abc import Collection

from gan.config import DataConfig
from gan.config.tables.metrics import METRICS, Need, full_name
from gan.domains import DIRECTIONS, Direction
from gan.evaluation.folders import Folders
from gan.evaluation.instruments import Instruments


def measurable(
    generators: Collection[Direction], folders: Folders, data: DataConfig, instruments: Instruments
) -> list[str]:
    """Return the names of what `evaluate` would measure of these generators, in both directions."""
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
    """Return the metrics of a direction, and of the images that it starts from, in table order."""
    ends = DIRECTIONS[direction]
    reference = folders.references.get(ends.target)
    counts = [len(of.files) for of in (folders.sources[ends.source], reference) if of]
    met = provided(data, folders, instruments) | satisfied({
        "translation": direction in generators,
        "opposite": ends.opposite in generators,
        "reference": reference is not None,
    })  # fmt: skip
    return [
        name
        for name, row in METRICS.items()
        if row.requires <= met
        and row.least_side <= data.crop_size
        and row.least_images <= min(counts)
    ]


def provided(data: DataConfig, folders: Folders, instruments: Instruments) -> set[Need]:
    """Return what is there for metrics of either direction."""
    return satisfied({
        "channels": data.channels_a == data.channels_b,
        "extractor": instruments.extractor is not None,
        "pairs": bool(folders.pairs),
        "torchmetrics": instruments.similarity,
        "lpips": bool(instruments.lpips_at(data.crop_size) or instruments.extractor),
    })  # fmt: skip


def satisfied(needs: dict[Need, bool]) -> set[Need]:
    """Return the needs that are met."""
    return {need for need, met in needs.items() if met}
