"""Cityscapes' folders: torchvision's reader finds the same labels before and after."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torchvision
from PIL import Image

from gan.augment import augment
from gan.augment.dataset import Dataset
from gan.augment.formats import dataset_format
from gan.augment.output import carry
from tests.support.augmenting import assert_nothing_is_lost, config, lines, reasons
from tests.support.interrupted_runs import contents
from tests.support.labelled import BOX, Reading, photo, save

MASKS = dataset_format("masks")
PLACES = {
    "train/aachen/aachen_000000_000019": "astronaut",
    "train/aachen/aachen_000001_000019": "coffee",
    "train/bad-honnef/bad-honnef_000000_000019": "motorcycle",
    "train_extra/aachen/aachen_000002_000019": "chelsea",
    "val/ulm/ulm_000000_000019": "flower",
    "test/bonn/bonn_000000_000019": "camera",
}
"""Places of images, and their content."""
KINDS = ["color.png", "instanceIds.png", "labelIds.png", "labelTrainIds.png", "polygons.json"]


def write(root: Path) -> None:
    """Write fine labels except for train_extra, and coarse ones except for test.

    The fine labels of test are dummies.
    """
    for place, name in PLACES.items():
        image = photo(name)
        save(image, root / f"leftImg8bit/{place}_leftImg8bit.png")
        if not place.startswith("train_extra"):
            write_labels(root / f"gtFine/{place}_gtFine_", image.size, place.startswith("test"))
        if not place.startswith("test"):
            write_labels(root / f"gtCoarse/{place}_gtCoarse_", image.size)


def write_labels(start: Path, size: tuple[int, int], dummy: bool = False) -> None:
    modes = {"color": "RGBA", "instanceIds": "I;16", "labelIds": "L", "labelTrainIds": "L"}
    for kind, mode in modes.items():
        mask = Image.new(mode, size)
        if not dummy:
            values: dict[str, float | tuple[int, ...]] = {
                "RGBA": (0, 0, 142, 255),
                "I;16": 26001,
                "L": 26,
            }
            mask.paste(values[mode], BOX)
        save(mask, Path(f"{start}{kind}.png"))
    objects = [] if dummy else [{"label": "car", "polygon": [[12, 8], [52, 8], [52, 40], [12, 40]]}]
    about = {"imgHeight": size[1], "imgWidth": size[0], "objects": objects}
    Path(f"{start}polygons.json").write_text(json.dumps(about, indent=4))


def read(root: Path, split: str, mode: str) -> Reading:
    """Return all labels of a split by the name of their image, as torchvision reads them."""
    kinds = ["instance", "semantic", "color", "polygon"]
    dataset = torchvision.datasets.Cityscapes(str(root), split, mode, kinds)
    found = {}
    for path, (image, (*masks, polygons)) in zip(dataset.images, dataset, strict=True):
        assert {mask.size for mask in masks} == {image.size}
        pixels = [(mask.mode, np.asarray(mask).tobytes()) for mask in masks]
        found[Path(path).relative_to(root).as_posix()] = pixels, polygons
    return found


READINGS = [
    ("train", "fine"), ("val", "fine"), ("test", "fine"),
    ("train", "coarse"), ("train_extra", "coarse"), ("val", "coarse"),
]  # fmt: skip


def labels(place: str) -> list[str]:
    """Return the names of an image's fine and coarse labels."""
    return [f"{kind}/{place}_{kind}_{end}" for kind in ("gtFine", "gtCoarse") for end in KINDS]


def added(image: str) -> str:
    return image.replace("_leftImg8bit.png", "_ab_leftImg8bit.png")


def stems(dataset: Dataset, split: str) -> list[str]:
    return [item.start for item in dataset.items if split in item.splits]


def test_images_splits_labels_and_masks_are_found(tmp_path: Path) -> None:
    write(tmp_path)
    dataset = MASKS.read(tmp_path)
    assert not dataset.remarks
    assert not dataset.others
    for split in ("train", "train_extra", "val", "test"):
        there = [Path(place).name for place in PLACES if place.startswith(f"{split}/")]
        assert stems(dataset, split) == there
    for item, place in zip(dataset.items, sorted(PLACES), strict=True):
        assert item.image.as_posix() == f"leftImg8bit/{place}_leftImg8bit.png"
        named = [name for name in labels(place) if (tmp_path / name).exists()]
        assert sorted(path.as_posix() for path in item.labels) == sorted(named)
        ground = "gtCoarse" if place.startswith("train_extra") else "gtFine"
        assert item.mask == Path(f"{ground}/{place}_{ground}_labelIds.png")


def test_replacing_changes_only_the_images_of_train(tmp_path: Path, model: Path) -> None:
    root, target = tmp_path / "in", tmp_path / "out"
    write(root)
    before = contents(root)
    assert augment(config(tmp_path, "masks", model=[model])) == 0
    assert contents(root) == before
    after = contents(target)
    assert {name for name in before if after[name] != before[name]} == {
        f"leftImg8bit/{place}_leftImg8bit.png" for place in PLACES if place.startswith("train/")
    }
    assert len(lines(target)) == 3
    for split, mode in READINGS:
        assert read(target, split, mode) == read(root, split, mode)


def test_adding_doubles_train_with_all_labels_byte_for_byte(tmp_path: Path, model: Path) -> None:
    root, target = tmp_path / "in", tmp_path / "out"
    write(root)
    options: dict[str, Any] = {"model": [model], "mode": "add", "direction": "ab"}
    assert augment(config(tmp_path, "masks", **options)) == 0
    assert_nothing_is_lost(root, target)
    for split, mode in READINGS:
        source = read(root, split, mode)
        new = {added(image): label for image, label in source.items() if split == "train"}
        assert read(target, split, mode) == source | new
    assert len(read(target, "train", "fine")) == 6
    for place in PLACES:
        if place.startswith("train/"):
            for name in labels(place):
                copy = name.replace("_gt", "_ab_gt")
                assert (target / copy).read_bytes() == (root / name).read_bytes()
    again = MASKS.read(target)
    assert not again.remarks
    assert len(again.items) == 6 + 3


def test_train_extra_is_translated_if_it_is_chosen(tmp_path: Path, model: Path) -> None:
    write(tmp_path / "in")
    assert augment(config(tmp_path, "masks", model=[model], splits=["train_extra"])) == 0
    (line,) = lines(tmp_path / "out")
    assert line["source"].startswith("leftImg8bit/train_extra/aachen/")


def test_labels_of_a_removed_image_are_removed(tmp_path: Path) -> None:
    root, target = tmp_path / "in", tmp_path / "out"
    write(root)
    dataset = MASKS.read(root)
    gone = dataset.items[-1]
    outputs = {item.image: (item.image,) * (item != gone) for item in dataset.items}
    carry(dataset, MASKS, outputs, (), target)
    assert contents(root).keys() - contents(target).keys() == {
        path.as_posix() for path in (gone.image, *gone.labels)
    }


@pytest.mark.parametrize(
    ("gone", "mask"),
    [
        (["labelIds"], "gtFine/{}_gtFine_labelTrainIds.png"),
        (["labelIds", "labelTrainIds"], "gtFine/{}_gtFine_color.png"),
        (
            ["labelIds", "labelTrainIds", "color", "instanceIds"],
            "gtCoarse/{}_gtCoarse_labelIds.png",
        ),
    ],
)
def test_without_label_ids_the_next_best_mask_is_taken(
    tmp_path: Path, gone: list[str], mask: str
) -> None:
    write(tmp_path)
    place = next(iter(PLACES))
    for kind in gone:
        (tmp_path / f"gtFine/{place}_gtFine_{kind}.png").unlink()
    dataset = MASKS.read(tmp_path)
    assert not dataset.remarks
    (item,) = [item for item in dataset.items if place in item.image.as_posix()]
    assert item.mask == Path(mask.format(place))
    assert len(item.labels) == 2 * len(KINDS) - len(gone)


def test_odd_files_are_named_and_copied(tmp_path: Path, model: Path) -> None:
    """No labels, labels without an image, a mask of another size, polygons only, other files."""
    root, target = tmp_path / "in", tmp_path / "out"
    write(root)
    small, *_ = PLACES
    folder = "train/aachen/"
    save(photo("camera"), root / f"leftImg8bit/{folder}bare_leftImg8bit.png")
    save(photo("camera"), root / f"leftImg8bit/{folder}unmarked.png")
    save(photo("camera"), root / f"leftImg8bit/{folder}drawn_leftImg8bit.png")
    (root / f"gtFine/{folder}drawn_gtFine_polygons.json").write_text("{}")
    save(Image.new("L", (5, 5)), root / f"gtFine/{small}_gtFine_labelIds.png")
    save(Image.new("L", (5, 5)), root / f"gtFine/{folder}nobody_gtFine_labelIds.png")
    (root / f"gtFine/{folder}nobody_gtFine_polygons.json").write_text("{}")
    (root / "gtFine/notes.json").write_text("{}")
    save(photo("camera"), root / f"rightImg8bit/{small}_rightImg8bit.png")
    found = reasons(MASKS.read(root))
    size = "{}x{} pixels, but its mask has 5x5".format(*photo("astronaut").size)
    assert found == {
        f"leftImg8bit/{small}_leftImg8bit.png": size,
        f"leftImg8bit/{folder}bare_leftImg8bit.png": "no mask",
        f"leftImg8bit/{folder}drawn_leftImg8bit.png": "no mask",
        f"leftImg8bit/{folder}unmarked.png": "no mask",
        f"gtFine/{folder}nobody_gtFine_labelIds.png": "a mask without an image",
        f"gtFine/{folder}nobody_gtFine_polygons.json": "a label without an image",
    }
    assert augment(config(tmp_path, "masks", model=[model], mode="add", direction="ab")) == 0
    assert_nothing_is_lost(root, target)
    new = contents(target).keys() - contents(root).keys()
    assert {name for name in new if "drawn" in name or "unmarked" in name} == {
        f"leftImg8bit/{folder}drawn_ab_leftImg8bit.png",
        f"gtFine/{folder}drawn_ab_gtFine_polygons.json",
        f"leftImg8bit/{folder}unmarked_ab.png",
    }
    copy = target / f"gtFine/{small.replace('_000019', '_000019_ab')}_gtFine_labelIds.png"
    assert copy.read_bytes() == (root / f"gtFine/{small}_gtFine_labelIds.png").read_bytes()


def test_folders_of_images_and_masks_may_have_cityscapes_names_below_them(tmp_path: Path) -> None:
    save(photo("coffee"), tmp_path / "images/leftImg8bit/train/a.png")
    save(photo("coffee"), tmp_path / "masks/leftImg8bit/train/a.png")
    (item,) = MASKS.read(tmp_path).items
    assert item.labels == (Path("masks/leftImg8bit/train/a.png"),)


def test_cityscapes_is_not_read_as_class_folders(tmp_path: Path) -> None:
    write(tmp_path)
    with pytest.raises(
        ValueError, match="its folders are not classes; it looks like --format masks"
    ):
        dataset_format("imagefolder").read(tmp_path)


def test_boxes_of_other_packages_are_labels_too(tmp_path: Path) -> None:
    write(tmp_path)
    place, *_ = PLACES
    boxes = [f"{kind}/{place}_{kind}.json" for kind in ("gtBbox3d", "gtBboxCityPersons")]
    for name in boxes:
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).write_text("{}")
    (item,) = [item for item in MASKS.read(tmp_path).items if place in item.image.as_posix()]
    assert {Path(name) for name in boxes} < {*item.labels}
    assert item.mask == Path(f"gtFine/{place}_gtFine_labelIds.png")
