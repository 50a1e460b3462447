"""The formats of labeled datasets that `gan augment` reads."""

from dataclasses import dataclass

from gan.config.table import Code, Table


@dataclass(frozen=True)
class FormatRow:
    """A format of labeled datasets."""

    code: Code
    """The gan.augment.dataset.Format: how to read the dataset, and which label files to rewrite."""


FORMATS = Table(
    "format",
    {
        "imagefolder": FormatRow("gan.augment.formats.imagefolder:FORMAT"),
        "yolo": FormatRow("gan.augment.formats.yolo:FORMAT"),
        "coco": FormatRow("gan.augment.formats.coco:FORMAT"),
        "voc": FormatRow("gan.augment.formats.voc:FORMAT"),
        "labelme": FormatRow("gan.augment.formats.labelme:FORMAT"),
        "kitti": FormatRow("gan.augment.formats.kitti:FORMAT"),
        "masks": FormatRow("gan.augment.formats.masks:FORMAT"),
    },
)
