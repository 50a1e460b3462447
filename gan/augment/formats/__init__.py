"""The kinds of labelled datasets. A new one is a file with `FORMAT` and a line here."""

from typing import Literal

from gan.augment.dataset import Format
from gan.augment.formats import coco, imagefolder, masks, voc, yolo

FormatName = Literal["imagefolder", "yolo", "coco", "voc", "masks"]

FORMATS: dict[FormatName, Format] = {
    "imagefolder": imagefolder.FORMAT,
    "yolo": yolo.FORMAT,
    "coco": coco.FORMAT,
    "voc": voc.FORMAT,
    "masks": masks.FORMAT,
}
