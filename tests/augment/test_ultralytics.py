"""Ultralytics' own loader reads augmented outputs as it reads their sources.

It is not a dependency, because of the AGPL: pip install ultralytics, and run this file.
"""

from pathlib import Path
from typing import Any

import pytest

from gan.augment.formats import dataset_format
from tests.support import labelled
from tests.support.augmenting import output
from tests.support.labelled import TRAIN, splits

pytest.importorskip("ultralytics", reason="ultralytics is not installed")
LAYOUTS = ("folders", "lists", "names by number", "split first", "polygons")


def arrange(root: Path, layout: str) -> None:
    """Make a dataset of a layout."""
    labelled.write_yolo(root)
    head = f"path: {root}\n"
    names = "names: [thing, other]\n"
    where = "train: images/train\nval: images/val\n"
    if layout == "lists":
        for split in ("train", "val"):
            lines = [f"./images/{split}/{name}.jpg" for at, name in splits() if at == split]
            (root / f"{split}.txt").write_text("\n".join(lines))
        where = "train: train.txt\nval: val.txt\n"
    if layout == "names by number":
        names = "nc: 2\nnames:\n  0: thing\n  1: other\n"
    if layout == "split first":
        for split in ("train", "val"):
            for kind in ("images", "labels"):
                (root / split).mkdir(exist_ok=True)
                (root / kind / split).rename(root / split / kind)
        where = "train: train/images\nval: val/images\n"
    if layout == "polygons":
        for number, path in enumerate(sorted(root.rglob("labels/*/*.txt"))):
            path.write_text(f"{number % 2} 0.1 0.2 0.6 0.2 0.7 0.8 0.2 0.7\n")
    (root / "data.yaml").write_text(head + where + names)


def read(root: Path, task: str) -> dict[str, tuple[str, list[Any], list[Any], list[Any]]]:
    """Return the split, classes, boxes and polygons of every image, as Ultralytics reads them."""
    from ultralytics.data.dataset import YOLODataset
    from ultralytics.data.utils import check_det_dataset

    data = check_det_dataset(str(root / "data.yaml"), autodownload=False)
    assert data["names"] == {0: "thing", 1: "other"}
    found = {}
    for split in ("train", "val"):
        dataset = YOLODataset(
            img_path=data[split], data=data, task=task, augment=False, imgsz=64, cache=False
        )
        for label in dataset.labels:
            polygons = [each.round(5).tolist() for each in label["segments"]]
            name = Path(label["im_file"]).relative_to(root).as_posix()
            classes = label["cls"].ravel().tolist()
            found[name] = split, classes, label["bboxes"].round(5).tolist(), polygons
    return found


@pytest.mark.parametrize("layout", LAYOUTS)
def test_classes_boxes_names_and_lists_equal_those_of_the_source(
    tmp_path: Path, layout: str
) -> None:
    arrange(tmp_path / "in", layout)
    dataset = dataset_format("yolo").read(tmp_path / "in")
    assert not dataset.remarks
    outputs = {
        item.image: (item.image, item.image.with_stem(f"{item.image.stem}_ab"))
        if "train" in item.splits
        else (item.image,)
        for item in dataset.items
    }
    output(dataset, outputs, tmp_path / "out", "yolo")
    text = (tmp_path / "out/data.yaml").read_text()
    (tmp_path / "out/data.yaml").write_text(
        text.replace(str(tmp_path / "in"), str(tmp_path / "out"))
    )
    task = "segment" if layout == "polygons" else "detect"
    source, result = read(tmp_path / "in", task), read(tmp_path / "out", task)
    assert len(source) == len(splits())
    expected = dict(source)
    for name, about in source.items():
        if Path(name).stem in TRAIN:
            expected[Path(name).with_stem(f"{Path(name).stem}_ab").as_posix()] = about
    assert result == expected
