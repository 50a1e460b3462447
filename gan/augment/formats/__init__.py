"""Labeled datasets: a file with `FORMAT` for each row of gan.config.tables.formats."""

from typing import cast

from gan.augment.dataset import Format
from gan.config.table import load
from gan.config.tables.formats import FORMATS


def dataset_format(name: str) -> Format:
    """Return how a kind of dataset is read and rewritten."""
    return cast(Format, load(FORMATS[name].code))
