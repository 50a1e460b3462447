"""Formats of labeled datasets: a module with `FORMAT` for each row of gan.config.tables.formats."""

from typing import cast

from gan.augment.dataset import Format
from gan.config.table import load
from gan.config.tables.formats import FORMATS


def dataset_format(name: str) -> Format:
    """Return the functions that read and rewrite a format of datasets."""
    return cast(Format, load(FORMATS[name].code))
