"""The labels of every format become the right samples."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gan.augment.ablation.samples import (
    BACKGROUND,
    Sample,
    find_samples,
    purpose_of,
    test_items,
)
from gan.augment.dataset import Box, Dataset, Item
from gan.augment.formats import dataset_format
from gan.system.failures import Failure
from tests.support.labelled import BOX, TRAIN, VAL, WRITERS

KINDS = {"yolo": "0", "coco": "thing", "voc": "thing", "labelme": "thing", "kitti": "Car"}
test_items.__test__ = False  # type: ignore[attr-defined]


def found(root: Path, format: str) -> tuple[list[Sample], list[Failure]]:
    dataset = dataset_format(format).read(root)
    purpose = purpose_of(dataset, dataset_format(format))
    return find_samples(dataset, dataset.items, dataset_format(format), purpose)


@pytest.mark.parametrize("format", KINDS)
def test_each_box_is_a_sample_of_its_class(tmp_path: Path, format: str) -> None:
    WRITERS[format](tmp_path)
    samples, failures = found(tmp_path, format)
    assert not failures
    boxes = [sample for sample in samples if sample.kind != BACKGROUND]
    assert {sample.image.stem for sample in boxes} == {*TRAIN, *VAL}
    left = BOX[0] - (format == "voc")  # whose pixels begin at 1, and end with the last one
    top = BOX[1] - (format == "voc")
    assert [(s.kind, s.part) for s in boxes] == [
        (KINDS[format], Box(left, top, BOX[2], BOX[3]))
    ] * len(boxes)


def test_the_background_of_a_picture_is_in_none_of_its_boxes(tmp_path: Path) -> None:
    for number in range(20):
        Image.new("RGB", (200, 100)).save(tmp_path / f"{number}.png")
    boxes = (Box(20, 10, 60, 40, kind="a"), Box(0.5, 0.5, 0.7, 0.9, relative=True, kind="b"))
    items = [Item(Path(f"{number}.png"), boxes=boxes) for number in range(20)]
    dataset = Dataset(tmp_path, tuple(items), (), ())
    samples, _ = find_samples(dataset, items, dataset_format("yolo"), "boxes")
    parts = [sample.part for sample in samples if sample.kind == BACKGROUND]
    assert len(parts) == 20
    assert len({*parts}) > 10
    labelled = np.zeros((100, 200))
    labelled[10:40, 20:60] = labelled[50:90, 100:140] = 1
    for part in parts:
        assert part is not None
        inside = labelled[int(part.top) : int(part.bottom), int(part.left) : int(part.right)]
        assert inside.size in (40 * 30, 40 * 40)
        assert not inside.any()


def test_boxes_are_cut_at_the_edges_and_empty_ones_are_named(tmp_path: Path) -> None:
    Image.new("RGB", (40, 30)).save(tmp_path / "a.png")
    boxes = (
        Box(-5, -5, 10, 10, kind="cut"),
        Box(10, 10, 10, 20, kind="empty"),
        Box(50, 5, 60, 15, kind="outside"),
        Box(20, 5, 22, 25, kind="thin"),
        Box(30, 0, 40, 30, kind=None),
    )
    items = [Item(Path("a.png"), boxes=boxes), Item(Path("gone.png"), boxes=boxes)]
    dataset = Dataset(tmp_path, tuple(items), (), ())
    samples, failures = find_samples(dataset, items, dataset_format("yolo"), "boxes")
    cut = [sample for sample in samples if sample.kind != BACKGROUND]
    assert cut == [Sample(Path("a.png"), "cut", Box(0, 0, 10, 10))]
    assert [each.source.name for each in failures] == ["a.png", "gone.png"]
    assert failures[0].reason.startswith("3 boxes are empty, outside the image, or smaller")


def test_boxes_of_rotated_images_are_not_samples(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[274] = 6
    Image.new("RGB", (40, 30)).save(tmp_path / "a.jpg", exif=exif)
    items = [Item(Path("a.jpg"), boxes=(Box(0, 0, 10, 10, kind="a"),))]
    dataset = Dataset(tmp_path, tuple(items), (), ())
    samples, failures = find_samples(dataset, items, dataset_format("voc"), "boxes")
    assert not samples
    assert "EXIF orientation" in failures[0].reason


@pytest.mark.parametrize("format", ["imagefolder", "masks"])
def test_whole_pictures_are_samples_of_folders_and_of_masks(tmp_path: Path, format: str) -> None:
    WRITERS[format](tmp_path)
    samples, _ = found(tmp_path, format)
    assert {sample.image.stem for sample in samples} == {*TRAIN, *VAL}
    for sample in samples:
        assert sample.part is None
        assert (sample.kind == sample.image.parts[1]) == (format == "imagefolder")
        assert bool(sample.mask) == (format == "masks")


def test_crowds_have_no_class_and_categories_without_a_name_go_by_their_id(tmp_path: Path) -> None:
    Image.new("RGB", (40, 30)).save(tmp_path / "a.png")
    box = '"image_id": 1, "bbox": [1, 2, 10, 10]'
    (tmp_path / "a.json").write_text(
        '{"images": [{"id": 1, "file_name": "a.png"}], "categories": [{"id": 2, "name": "cat"}, 3],'
        f'"annotations": [{{{box}, "category_id": 2}}, {{{box}, "category_id": 9}},'
        f'{{{box}, "category_id": 2, "iscrowd": 1}}, {{{box}}}]}}'
    )
    items = dataset_format("coco").read(tmp_path).items
    assert [box.kind for box in items[0].boxes] == ["cat", "9", None]


def test_the_test_split_is_used_or_else_all_labeled_images() -> None:
    train, test = Item(Path("a"), frozenset({"train"})), Item(Path("b"), frozenset({"test"}))
    bare = Item(Path("c"), frozenset({"test"}), labelled=False)
    assert test_items(Dataset(Path(), (train, test, bare), (), ())) == [test]
    assert test_items(Dataset(Path(), (train, bare), (), ())) == [train]


def test_labels_without_classes_are_rejected() -> None:
    dataset = Dataset(Path("set"), (Item(Path("a"), boxes=(Box(0, 0, 1, 1),)),), (), ())
    with pytest.raises(ValueError, match="no label has a class"):
        purpose_of(dataset, dataset_format("yolo"))
