"""The datasets: what a run can be trained on."""

from dataclasses import dataclass

from gan.config.table import Code, Table


@dataclass(frozen=True)
class DatasetRow:
    """Training images as a torch Dataset: a function of (epoch, index), exact to resume.

    It has `__len__`, the items of an epoch, and `__getitem__((epoch, index))`, a tuple of one uint8
    tensor (C, crop_size, crop_size) for each domain of the recipe. It may have `fingerprint`, a
    text that a resumed run must find again, and `test_images(domain)`, uint8 (N, C, H, W), for the
    sample grids; without them the first items are shown.
    """

    code: Code
    """Called with the configuration; with the indexed folders by domain besides, if `folders`."""
    folders: bool = False
    """Whether it consists of files in the folders that the section data names."""


DATASETS = Table(
    "dataset", {"unpaired": DatasetRow("gan.data.unpaired:build_dataset", folders=True)}
)
