"""The datasets that a run can be trained on."""

from dataclasses import dataclass

from gan.config.table import Code, Table


@dataclass(frozen=True)
class DatasetRow:
    """A torch Dataset of training images, indexed by (epoch, index) so that resuming is exact.

    `__len__` returns the number of items in an epoch, and `__getitem__((epoch, index))` a tuple of
    one uint8 or uint16 tensor (C, crop_size, crop_size) for each domain of the recipe. It may also
    have `fingerprint`, a string that must be the same when a run is resumed, and
    `test_images(domain)`, uint8 or uint16 (N, C, H, W), for the sample grids; without this method
    the grids show the first items.
    """

    code: Code
    """Called with the configuration; with `folders`, also with the indexed folders by domain."""
    folders: bool = False
    """Whether it reads the folders that the section data names."""


DATASETS = Table(
    "dataset", {"unpaired": DatasetRow("gan.data.unpaired:build_dataset", folders=True)}
)
