"""Plans: the images to translate, their models, and rejected datasets."""

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from gan.augment.dataset import Dataset, Item
from gan.augment.formats import dataset_format
from gan.augment.options import AugmentOptions
from gan.augment.plan import check_labeled, choose, make_tasks
from tests.support import labelled
from tests.support.labelled import photo, save


def dataset(*splits: set[str]) -> Dataset:
    items = [Item(Path(f"{number:03d}.jpg"), frozenset(own)) for number, own in enumerate(splits)]
    return Dataset(Path("in"), tuple(items), (), ())


@pytest.mark.parametrize(
    ("splits", "asked", "names"),
    [
        ([{"train"}, {"val"}], ["valid"], ["001"]),
        ([{"train"}, {"val"}], ["val", "train"], ["000", "001"]),
        ([{"train"}, {"train", "val"}], ["train"], ["000"]),
        ([{"train", "val"}], ["train", "val"], ["000"]),
        ([set(), set()], ["train"], ["000", "001"]),
    ],
)
def test_images_of_the_splits_and_of_no_other_are_chosen(
    splits: list[set[str]], asked: list[str], names: list[str]
) -> None:
    assert [item.image.stem for item in choose(dataset(*splits), asked)] == names


@pytest.mark.parametrize(
    ("splits", "asked", "said"),
    [
        (
            [{"train"}, {"val"}],
            ["train", "trian"],
            "no images in trian; this dataset has train, val",
        ),
        ([set()], ["val"], "no images in val; this dataset has no splits"),
        ([{"train", "val"}], ["train"], "every image of train is also in val"),
    ],
)
def test_splits_without_separate_images_are_rejected_by_name(
    splits: list[set[str]], asked: list[str], said: str
) -> None:
    with pytest.raises(ValueError, match=said):
        choose(dataset(*splits), asked)


def config(**options: Any) -> AugmentOptions:
    given = {"model": ["x"], "dataset": "in", "output": "out", "format": "imagefolder"}
    return AugmentOptions.model_validate(given | {"mode": "add"} | options)


def test_copies_of_an_image_use_different_models_drawn_by_weights() -> None:
    """Of 300 images a weight of 0.75 draws 225, with a standard deviation of 7.5."""
    data = dataset(*[{"train"}] * 300)
    options = {"model": ["x", "y", "z"], "weights": [1, 3, 0]}
    both = make_tasks(data, config(ratio=2, **options), "ab")
    assert len({(task.item.image, task.model) for task in both}) == len(both) == 600
    one = make_tasks(data, config(**options), "ab")
    counts = Counter(task.model for task in one)
    assert counts.keys() == {0, 1}
    assert abs(counts[1] - 225) < 4 * 7.5
    again = make_tasks(data, config(ratio=4, strength="0.2,1", **options), "ab")
    pairs = Counter((task.item.image, task.model) for task in again)
    assert {*pairs.values()} == {2}


@pytest.mark.parametrize("format", ["yolo", "coco", "voc", "masks"])
def test_a_dataset_without_labels_is_rejected_with_the_rule(tmp_path: Path, format: str) -> None:
    labelled.WRITERS[format](tmp_path)
    chosen = dataset_format(format)
    options = config(format=format)
    check_labeled(make_tasks(chosen.read(tmp_path), options, "ab"), chosen.rule)
    for path in list(tmp_path.rglob("*")):
        if path.suffix == ".json":
            path.write_text(path.read_text().replace('"image_id": ', '"image_id": 9'))
        elif path.suffix in (".png", ".xml") or path.parent == tmp_path / "labels" / "train":
            path.rename(path.with_stem("of_" + path.stem))
    with pytest.raises(ValueError, match="none of the 4 images to translate has a label: ") as no:
        check_labeled(make_tasks(chosen.read(tmp_path), options, "ab"), chosen.rule)
    assert chosen.rule in str(no.value)


@pytest.mark.parametrize(
    ("format", "said"),
    [("yolo", "--format yolo"), ("masks", "--format masks"), ("voc", "--format voc")],
)
def test_another_format_is_not_read_as_class_folders(
    tmp_path: Path, format: str, said: str
) -> None:
    labelled.WRITERS[format](tmp_path)
    with pytest.raises(ValueError, match=f"its folders are not classes; it looks like {said}"):
        dataset_format("imagefolder").read(tmp_path)


def test_the_error_for_classes_below_images_names_that_folder(tmp_path: Path) -> None:
    save(photo("coffee"), tmp_path / "images" / "train" / "cups" / "a.jpg")
    with pytest.raises(ValueError, match="give that folder as --dataset"):
        dataset_format("imagefolder").read(tmp_path)
    assert dataset_format("imagefolder").read(tmp_path / "images").items[0].labelled
