"""Every format, read and written: labels are kept exactly, and checked with a second library."""

from pathlib import Path

import pytest
from PIL import Image

from gan.augment.dataset import Dataset
from gan.augment.formats import dataset_format
from tests.support import labelled
from tests.support.augmenting import output
from tests.support.interrupted_runs import contents
from tests.support.labelled import READERS, TRAIN, VAL, WRITERS

IMAGES = (".jpg", ".JPG")


def in_train(dataset: Dataset) -> list[Path]:
    return [item.image for item in dataset.items if "train" in item.splits]


@pytest.mark.parametrize("format", labelled.FORMATS)
def test_items_splits_and_labels_are_found(tmp_path: Path, format: str) -> None:
    WRITERS[format](tmp_path)
    dataset = dataset_format(format).read(tmp_path)
    assert sorted(path.stem for path in in_train(dataset)) == sorted(TRAIN)
    assert len(dataset.items) == len(TRAIN) + len(VAL)
    assert not dataset.remarks
    for item in dataset.items:
        assert len(item.boxes) == (format in ("yolo", "coco", "voc", "labelme", "kitti"))
        assert bool(item.mask) == (format == "masks")


@pytest.mark.parametrize("format", labelled.FORMATS)
def test_an_output_with_the_same_images_is_the_source_byte_for_byte(
    tmp_path: Path, format: str
) -> None:
    WRITERS[format](tmp_path / "in")
    dataset = dataset_format(format).read(tmp_path / "in")
    output(dataset, {item.image: (item.image,) for item in dataset.items}, tmp_path / "out", format)
    assert contents(tmp_path / "out") == contents(tmp_path / "in")


@pytest.mark.parametrize("format", labelled.FORMATS)
def test_added_images_double_a_split_with_equal_labels_for_a_second_library(
    tmp_path: Path, format: str
) -> None:
    root, target = tmp_path / "in", tmp_path / "out"
    WRITERS[format](root)
    dataset, before = dataset_format(format).read(root), contents(root)
    train = in_train(dataset)
    outputs = {
        item.image: (item.image, item.image.with_stem(f"{item.image.stem}_ab"))
        if item.image in train
        else (item.image,)
        for item in dataset.items
    }
    output(dataset, outputs, target, format)
    assert contents(root) == before
    source, result = READERS[format](root), READERS[format](target)
    assert len(source) == len(TRAIN) + len(VAL)
    expected = dict(source)
    for path in train:
        added = path.with_stem(f"{path.stem}_ab").as_posix()
        expected[added] = source[path.as_posix()]
    assert result == expected


@pytest.mark.parametrize("format", labelled.FORMATS)
def test_labels_of_removed_images_are_removed(tmp_path: Path, format: str) -> None:
    WRITERS[format](tmp_path / "in")
    dataset = dataset_format(format).read(tmp_path / "in")
    gone = in_train(dataset)[0]
    outputs = {item.image: (item.image,) * (item.image != gone) for item in dataset.items}
    output(dataset, outputs, tmp_path / "out", format)
    source, result = READERS[format](tmp_path / "in"), READERS[format](tmp_path / "out")
    del source[gone.as_posix()]
    assert result == source
    names = "".join(contents(tmp_path / "out"))
    assert gone.stem not in names


def test_label_files_of_new_images_keep_every_byte(tmp_path: Path) -> None:
    """CRLF, a byte order mark and a missing last line break are kept."""
    labelled.write_yolo(tmp_path / "in")
    texts = [b"\xef\xbb\xbf0 0.5 0.5 0.2 0.2\r\n", b"0 0.5 0.5 0.2 0.2", b"", b"\r\n"]
    for name, text in zip(TRAIN, texts, strict=True):
        (tmp_path / "in" / "labels" / "train" / f"{name}.txt").write_bytes(text)
    dataset = dataset_format("yolo").read(tmp_path / "in")
    assert not dataset.remarks
    assert [len(item.boxes) for item in dataset.items] == [1, 1, 0, 0, 1, 1]
    outputs = {
        item.image: (item.image, item.image.with_stem(f"{item.image.stem}+"))
        for item in dataset.items
    }
    output(dataset, outputs, tmp_path / "out", "yolo")
    for name, text in zip(TRAIN, texts, strict=True):
        for stem in (name, f"{name}+"):
            assert (tmp_path / "out" / "labels" / "train" / f"{stem}.txt").read_bytes() == text


def test_masks_of_several_folders_are_carried_and_the_first_is_used_for_scores(
    tmp_path: Path,
) -> None:
    labelled.write_masks(tmp_path / "in")
    for path in sorted((tmp_path / "in" / "masks").rglob("*.png")):
        other = tmp_path / "in" / "annotations" / path.relative_to(tmp_path / "in" / "masks")
        other.parent.mkdir(parents=True, exist_ok=True)
        other.write_bytes(path.read_bytes() + b"\0")
    dataset = dataset_format("masks").read(tmp_path / "in")
    assert not dataset.remarks
    first = dataset.items[0]
    assert first.mask == Path("masks", *first.image.with_suffix(".png").parts[1:])
    outputs = {item.image: (item.image,) * (item != first) for item in dataset.items}
    output(dataset, outputs, tmp_path / "out", "masks")
    gone = contents(tmp_path / "in").keys() - contents(tmp_path / "out").keys()
    assert gone == {path.as_posix() for path in (first.image, *first.labels)}
    assert len(gone) == 3


@pytest.mark.parametrize("folder", ["masks", "mask"])
def test_a_mask_is_preferred_to_its_preview(folder: str, tmp_path: Path) -> None:
    labelled.write_masks(tmp_path / "in")
    (tmp_path / "in" / "masks").rename(tmp_path / "in" / "annotations")
    masks = list((tmp_path / "in" / "annotations").rglob("*.png"))
    for path in masks:
        name = path.relative_to(tmp_path / "in" / "annotations").with_suffix(".jpg")
        preview = tmp_path / "in" / folder / name
        preview.parent.mkdir(parents=True, exist_ok=True)
        Image.open(path).convert("RGB").save(preview)
    dataset = dataset_format("masks").read(tmp_path / "in")
    assert {item.mask for item in dataset.items} == {p.relative_to(tmp_path / "in") for p in masks}
    assert all(len(item.labels) == 2 for item in dataset.items)


def test_the_layout_is_the_one_by_which_most_images_have_labels(tmp_path: Path) -> None:
    labelled.write_masks(tmp_path / "in")
    expected = [item.image for item in dataset_format("masks").read(tmp_path / "in").items]
    image = (tmp_path / "in" / expected[0]).read_bytes()
    for place in ("old/leftImg8bit/a_leftImg8bit", "old/gtFine/a_gtFine_labelIds"):
        path = (tmp_path / "in" / place).with_suffix(expected[0].suffix)
        path.parent.mkdir(parents=True)
        path.write_bytes(image)
    assert [item.image for item in dataset_format("masks").read(tmp_path / "in").items] == expected
