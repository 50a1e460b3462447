"""Small labeled datasets of real photographs, and readers of other libraries for them."""

import json
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torchvision
from PIL import Image
from pycocotools.coco import COCO

from demo.dataset import photograph
from gan.images import resize_short

FORMATS: list[str] = ["imagefolder", "yolo", "coco", "voc", "labelme", "kitti", "masks"]
TRAIN, VAL = ("astronaut", "coffee", "motorcycle", "my cat 🐈"), ("flower", "camera")
PHOTOGRAPHS = {name: "chelsea" if "cat" in name else name for name in (*TRAIN, *VAL)}
BOX = (12, 8, 52, 40)
"""(left, top, right, bottom) of the labeled object of each photograph, in pixels."""

Reading = dict[str, Any]
"""Split and labels of every image, by its path relative to the root."""


def photo(name: str, side: int = 64) -> Image.Image:
    """Return a small real photograph."""
    return resize_short(photograph(PHOTOGRAPHS.get(name, name)), side)


def save(image: Image.Image, path: Path) -> tuple[int, int]:
    path.parent.mkdir(parents=True, exist_ok=True)
    image.save(path, quality=95)
    return image.size


def splits() -> list[tuple[str, str]]:
    return [*(("train", name) for name in TRAIN), *(("val", name) for name in VAL)]


def write_imagefolder(root: Path) -> None:
    for number, (split, name) in enumerate(splits()):
        save(photo(name), root / split / ("cats", "things")[number % 2] / f"{name}.jpg")


def write_yolo(root: Path) -> None:
    left, top, right, bottom = BOX
    for split, name in splits():
        width, height = save(photo(name), root / "images" / split / f"{name}.jpg")
        center = (left + right) / 2 / width, (top + bottom) / 2 / height
        values = *center, (right - left) / width, (bottom - top) / height
        label = root / "labels" / split / f"{name}.txt"
        label.parent.mkdir(parents=True, exist_ok=True)
        label.write_text("0 " + " ".join(f"{value:.6f}" for value in values))
    (root / "data.yaml").write_text("train: images/train\nval: images/val\nnames: [thing]\n")


def write_coco(root: Path) -> None:
    left, top, right, bottom = BOX
    for split in ("train", "val"):
        content: dict[str, Any] = {
            "info": {"year": 2017}, "images": [], "annotations": [],
            "categories": [{"id": 3, "name": "thing"}],
        }  # fmt: skip
        names = [name for where, name in splits() if where == split]
        for number, name in enumerate(names, 10):
            width, height = save(photo(name), root / f"{split}2017" / f"{name}.jpg")
            image = {"id": number, "file_name": f"{name}.jpg", "width": width, "height": height}
            content["images"].append(image | {"license": 4})
            box = [left, top, right - left, bottom - top]
            ring = [left, top, right, top, right, bottom, left, bottom]
            about: dict[str, Any] = {"id": number * 7, "image_id": number, "iscrowd": 0}
            about |= {
                "category_id": 3,
                "bbox": box,
                "area": box[2] * box[3],
                "segmentation": [ring],
            }
            content["annotations"].append(about)
        path = root / "annotations" / f"instances_{split}2017.json"
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(content))


XML = """<annotation>\r
\t<folder>VOC2012</folder>\r
\t<filename>{name}.jpg</filename>\r
\t<path>C:\\Users\\me\\{name}.jpg</path>\r
\t<size><width>{width}</width><height>{height}</height><depth>3</depth></size>\r
\t<object><name>thing</name><bndbox><xmin>{box[0]}</xmin><ymin>{box[1]}</ymin>\
<xmax>{box[2]}</xmax><ymax>{box[3]}</ymax></bndbox></object>\r
</annotation>"""


def write_voc(root: Path) -> None:
    base = root / "VOCdevkit" / "VOC2012"
    for folder in ("Annotations", "ImageSets/Main"):
        (base / folder).mkdir(parents=True)
    for _, name in splits():
        width, height = save(photo(name), base / "JPEGImages" / f"{name}.jpg")
        text = XML.format(name=name, width=width, height=height, box=BOX)
        (base / "Annotations" / f"{name}.xml").write_bytes(text.encode())
    lists = {"train": TRAIN, "val": VAL, "trainval": TRAIN + VAL}
    for split, names in lists.items():
        (base / "ImageSets" / "Main" / f"{split}.txt").write_text("\n".join(names))


def write_masks(root: Path) -> None:
    for split, name in splits():
        image = photo(name)
        save(image, root / "images" / split / f"{name}.jpg")
        mask = Image.new("P", image.size)
        mask.putpalette([0, 0, 0, 200, 30, 40])
        mask.paste(1, BOX)
        save(mask, root / "masks" / split / f"{name}.png")


def write_labelme(root: Path) -> None:
    left, top, right, bottom = BOX
    for split, name in splits():
        width, height = save(photo(name), root / split / f"{name}.jpg")
        shape = {"label": "thing", "points": [[left, top], [right, bottom]], "group_id": None}
        content: dict[str, Any] = {
            "version": "5.2.1", "flags": {}, "imagePath": f"{name}.jpg", "imageData": None,
            "shapes": [shape | {"shape_type": "rectangle"}],
            "imageHeight": height, "imageWidth": width,
        }  # fmt: skip
        text = json.dumps(content, ensure_ascii=False, indent=2)
        (root / split / f"{name}.json").write_text(text)


def write_kitti(root: Path) -> None:
    """Write the dataset below Kitti/raw, where torchvision expects it."""
    raw = root / "Kitti" / "raw"
    for folder in ("label_2", "calib"):
        (raw / "training" / folder).mkdir(parents=True)
    (raw / "ImageSets").mkdir()
    for _, name in splits():
        save(photo(name), raw / "training" / "image_2" / f"{name}.jpg")
        label = f"Car 0.00 0 -1.57 {' '.join(map(str, BOX))} 1.5 1.6 3.7 1.8 1.5 8.4 -1.6\n"
        ignored = "DontCare -1 -1 -10 0 0 9 9 -1 -1 -1 -1000 -1000 -1000 -10\n"
        (raw / "training" / "label_2" / f"{name}.txt").write_text(label + ignored)
        (raw / "training" / "calib" / f"{name}.txt").write_text(f"P0: {name}\n")
    for split, names in (("train", TRAIN), ("val", VAL)):
        (raw / "ImageSets" / f"{split}.txt").write_text("".join(f"{name}\n" for name in names))


WRITERS: dict[str, Callable[[Path], None]] = {
    "imagefolder": write_imagefolder,
    "yolo": write_yolo,
    "coco": write_coco,
    "voc": write_voc,
    "labelme": write_labelme,
    "kitti": write_kitti,
    "masks": write_masks,
}


def read_imagefolder(root: Path) -> Reading:
    read = {}
    for split in ("train", "val"):
        folder = torchvision.datasets.ImageFolder(str(root / split))
        for path, label in folder.samples:
            read[Path(path).relative_to(root).as_posix()] = (split, folder.classes[label])
    return read


def read_yolo(root: Path) -> Reading:
    read = {}
    for path in sorted((root / "images").rglob("*.jpg")):
        label = root / "labels" / path.relative_to(root / "images").with_suffix(".txt")
        rows = [line.split() for line in label.read_text().splitlines()]
        boxes = [(int(row[0]), *map(float, row[1:])) for row in rows]
        read[path.relative_to(root).as_posix()] = (path.parent.name, boxes)
    return read


def read_coco(root: Path) -> Reading:
    read = {}
    for split in ("train", "val"):
        file, folder = root / "annotations" / f"instances_{split}2017.json", root / f"{split}2017"
        coco, other = COCO(str(file)), torchvision.datasets.CocoDetection(str(folder), str(file))
        by_id = {number: other[place][1] for place, number in enumerate(other.ids)}
        for image in coco.loadImgs(coco.getImgIds()):
            found = coco.loadAnns(coco.getAnnIds(imgIds=image["id"]))
            assert by_id[image["id"]] == found
            labels = [(each["bbox"], each["category_id"], each["segmentation"]) for each in found]
            with Image.open(root / f"{split}2017" / image["file_name"]) as picture:
                assert picture.size == (image["width"], image["height"])
            read[f"{split}2017/{image['file_name']}"] = (split, labels)
    return read


def read_voc(root: Path) -> Reading:
    read = {}
    for split in ("train", "val"):
        dataset = torchvision.datasets.VOCDetection(str(root), "2012", split)
        for image, annotation in zip(dataset.images, dataset.annotations, strict=True):
            parsed = dataset.parse_voc_xml(ET.parse(annotation).getroot())["annotation"]
            assert parsed["filename"] == Path(image).name
            name = Path(image).relative_to(root).as_posix()
            read[name] = (split, [each["bndbox"] for each in parsed["object"]])
    return read


def read_masks(root: Path) -> Reading:
    read = {}
    for path in sorted((root / "images").rglob("*.jpg")):
        mask = root / "masks" / path.relative_to(root / "images").with_suffix(".png")
        with Image.open(mask) as labels, Image.open(path) as image:
            assert labels.size == image.size
            label = labels.mode, labels.getpalette(), np.asarray(labels).tobytes()
        read[path.relative_to(root).as_posix()] = (path.parent.name, label)
    return read


def read_labelme(root: Path) -> Reading:
    read = {}
    for path in sorted(root.glob("*/*.json")):
        content = json.loads(path.read_text())
        image = path.parent / content["imagePath"]
        with Image.open(image) as picture:
            assert picture.size == (content["imageWidth"], content["imageHeight"])
        name = image.relative_to(root).as_posix()
        assert name not in read
        read[name] = (path.parent.name, content["shapes"])
    return read


def read_kitti(root: Path) -> Reading:
    raw, read = root / "Kitti" / "raw", {}
    listed = {
        stem: split
        for split in ("train", "val")
        for stem in (raw / "ImageSets" / f"{split}.txt").read_text().splitlines()
    }
    dataset = torchvision.datasets.Kitti(str(root), train=True)
    for path, target in zip(dataset.images, dataset.targets, strict=True):
        stem, lines = Path(path).stem, Path(target).read_text().splitlines()
        calibrated = (raw / "training" / "calib" / f"{stem}.txt").read_text()
        name = Path(path).relative_to(root).as_posix()
        read[name] = (listed.pop(stem), [*lines, calibrated])
    assert not listed
    return read


READERS: dict[str, Callable[[Path], Reading]] = {
    "imagefolder": read_imagefolder,
    "yolo": read_yolo,
    "coco": read_coco,
    "voc": read_voc,
    "labelme": read_labelme,
    "kitti": read_kitti,
    "masks": read_masks,
}
