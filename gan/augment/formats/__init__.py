"""The kinds of labelled datasets. A new one is a file with `FORMAT` and a line here."""

from gan.augment.dataset import Format
from gan.augment.formats import coco, imagefolder, masks, voc, yolo
from gan.config.choices import FormatName as FormatName

FORMATS: dict[FormatName, Format] = {
    "imagefolder": imagefolder.FORMAT,
    "yolo": yolo.FORMAT,
    "coco": coco.FORMAT,
    "voc": voc.FORMAT,
    "masks": masks.FORMAT,
}
