"""`gan augment` as a whole: the output has the format of the dataset, for every format."""

import shutil
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torchvision.datasets import ImageFolder

from gan.augment import augment
from gan.augment.decisions import Decided, decide
from gan.cli.main import main
from tests.support import labelled
from tests.support.augmenting import Brightest, config, lines
from tests.support.interrupted_runs import contents
from tests.support.labelled import READERS, TRAIN, WRITERS, photo

REPORTS = {"augmentation.jsonl", "augmentation.json", "sheet.png"}


def pixels(path: Path) -> np.ndarray[Any, np.dtype[np.int64]]:
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB")).astype(int)


@pytest.mark.parametrize("format", labelled.FORMATS)
def test_replacing_translates_train_and_copies_everything_else(
    tmp_path: Path, model: Path, format: str
) -> None:
    root, target = tmp_path / "in", tmp_path / "out"
    WRITERS[format](root)
    before = contents(root)
    assert augment(config(tmp_path, format, model=[model])) == 0
    assert contents(root) == before
    after = contents(target)
    assert after.keys() == before.keys() | REPORTS
    assert READERS[format](target) == READERS[format](root)
    changed = {name for name in before if before[name] != after[name]}
    assert sorted(Path(name).stem for name in changed) == sorted(TRAIN)
    for name in changed:
        assert np.abs(pixels(target / name) + pixels(root / name) - 255).mean() < 4  # JPEG
    assert [line["decision"] for line in lines(target)] == ["accepted"] * len(TRAIN)


@pytest.mark.parametrize("format", labelled.FORMATS)
def test_adding_doubles_train_without_a_collision(tmp_path: Path, model: Path, format: str) -> None:
    root, target = tmp_path / "in", tmp_path / "out"
    WRITERS[format](root)
    before = contents(root)
    assert augment(config(tmp_path, format, model=[model], mode="add", direction="ab")) == 0
    assert contents(root) == before
    source, result = READERS[format](root), READERS[format](target)
    count = Counter(split for split, _ in result.values())
    assert count == Counter(split for split, _ in source.values()) + Counter(train=len(TRAIN))
    for line in lines(target):
        assert result[line["output"]] == source[line["source"]]
        assert line["output"] not in source


def test_a_finished_output_is_kept_and_other_settings_are_rejected(
    tmp_path: Path, model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    labelled.write_yolo(tmp_path / "in")
    settings = config(tmp_path, "yolo", model=[model])
    assert augment(settings) == 0
    before = contents(tmp_path / "out")
    assert augment(settings) == 0
    assert "finished before, nothing to do" in capsys.readouterr().err
    assert contents(tmp_path / "out") == before
    with pytest.raises(ValueError, match=r"was begun with seed 0, not 1"):
        augment(config(tmp_path, "yolo", model=[model], seed=1))


@pytest.mark.parametrize("place", ["in", "in/new", "."])
def test_an_output_inside_or_around_the_source_is_rejected(
    tmp_path: Path, model: Path, place: str
) -> None:
    labelled.write_imagefolder(tmp_path / "in")
    before = contents(tmp_path)
    with pytest.raises(ValueError, match=r"must not be, contain or lie inside "):
        augment(config(tmp_path, "imagefolder", model=[model], output=tmp_path / place))
    assert contents(tmp_path) == before


def test_a_folder_that_is_not_empty_is_rejected_as_output(tmp_path: Path, model: Path) -> None:
    labelled.write_imagefolder(tmp_path / "in")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine.txt").write_text("mine")
    with pytest.raises(ValueError, match="is not empty"):
        augment(config(tmp_path, "imagefolder", model=[model]))


@pytest.mark.parametrize(
    ("keep", "names"), [(False, set()), (True, {Path(name).stem for name in TRAIN})]
)
def test_rejected_images_are_listed_and_can_be_kept_as_originals(
    tmp_path: Path, model: Path, keep: bool, names: set[str]
) -> None:
    """The gate `luma` rejects every negative."""
    root, target = tmp_path / "in", tmp_path / "out"
    labelled.write_coco(root)
    assert augment(config(tmp_path, "coco", model=[model], luma="0", keep_rejected=keep)) == 0
    result, source = READERS["coco"](target), READERS["coco"](root)
    assert {Path(name).stem for name, (split, _) in result.items() if split == "train"} == names
    assert result == {name: about for name, about in source.items() if name in result}
    for line in lines(target):
        assert line["decision"] == "rejected"
        assert line["original_kept"] == keep
        assert line["scores"]["luma"] < -0.9
        assert line["reason"].startswith("luma -")
    for name in result:
        assert (target / name).read_bytes() == (root / name).read_bytes()


def write_classes(root: Path) -> None:
    """Write ant, bee and cat in train and val, and in train a class dog without an image."""
    for name in ("ant", "bee", "cat"):
        for split, count in (("train", 2), ("val", 1)):
            for number in range(count):
                labelled.save(photo("coffee"), root / split / name / f"{name}{number}.jpg")
    (root / "train" / "dog").mkdir()


@pytest.mark.parametrize("keep", [True, False])
def test_a_class_keeps_its_number_if_all_its_translations_are_rejected(
    tmp_path: Path,
    model: Path,
    keep: bool,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """By its originals, or by an empty folder; a folder that was empty before is kept, too."""

    def without_bees(*arguments: Any) -> list[Decided]:
        return [
            replace(each, decision="rejected") if "bee" in each.task.item.image.parts else each
            for each in decide(*arguments)
        ]

    monkeypatch.setattr("gan.augment.command.decide", without_bees)
    root, target = tmp_path / "in", tmp_path / "out"
    write_classes(root)
    settings = config(tmp_path, "imagefolder", model=[model], keep_classes=keep)
    assert augment(settings) == 0
    for split in ("train", "val"):
        found, source = (ImageFolder(str(p / split), allow_empty=True) for p in (target, root))
        assert found.class_to_idx == source.class_to_idx
    bees = [path.name for path in (target / "train" / "bee").iterdir()]
    assert sorted(bees) == (["bee0.jpg", "bee1.jpg"] if keep else [])
    for path in (target / "train" / "bee").iterdir():
        assert path.read_bytes() == (root / "train" / "bee" / path.name).read_bytes()
    said = "no translation was accepted; its originals are kept" if keep else "has no image in the"
    assert f"warning: class train/bee{':' * keep} {said}" in capsys.readouterr().err
    kept = {line["source"]: line["original_kept"] for line in lines(target)}
    assert kept == {
        f"train/{name}/{name}{number}.jpg": keep and name == "bee"
        for name in ("ant", "bee", "cat")
        for number in range(2)
    }


LINKS = ["of files outside", "of nothing", "to a folder outside", "to another class"]


@pytest.mark.parametrize("kind", LINKS)
def test_a_class_of_links_leaves_its_folder_and_is_named(
    tmp_path: Path, model: Path, kind: str, capsys: pytest.CaptureFixture[str]
) -> None:
    root, target = tmp_path / "in", tmp_path / "out"
    write_classes(root)
    bee = root / "train" / "bee"
    shutil.move(bee, tmp_path / "bee")
    if "folder" in kind or "class" in kind:
        bee.symlink_to(tmp_path / "bee" if "folder" in kind else root / "train" / "ant")
    else:
        bee.mkdir()
        place = tmp_path / "bee" / "bee0.jpg" if "files" in kind else tmp_path / "nothing.jpg"
        (bee / "bee0.jpg").symlink_to(place)
    assert augment(config(tmp_path, "imagefolder", model=[model])) == 0
    found, source = (
        ImageFolder(str(path / "train"), allow_empty=True).class_to_idx for path in (target, root)
    )
    assert found == source == {"ant": 0, "bee": 1, "cat": 2, "dog": 3}
    assert not list((target / "train" / "bee").iterdir())
    assert "warning: class train/bee has no image in the output" in capsys.readouterr().err


@pytest.mark.parametrize("fault", ["too small", "damaged"])
def test_a_class_keeps_an_original_that_cannot_be_translated(
    tmp_path: Path, model: Path, fault: str
) -> None:
    root, target = tmp_path / "in", tmp_path / "out"
    write_classes(root)
    bee = root / "train" / "bee" / "bee0.jpg"
    bee.with_name("bee1.jpg").unlink()
    if fault == "damaged":
        bee.write_bytes(bee.read_bytes()[:600])
    else:
        Image.new("RGB", (12, 12)).save(bee)
    assert augment(config(tmp_path, "imagefolder", model=[model])) == 1
    found, source = (
        ImageFolder(str(path / "train"), allow_empty=True).imgs for path in (target, root)
    )
    assert [(Path(name).relative_to(target), label) for name, label in found] == [
        (Path(name).relative_to(root), label) for name, label in source
    ]
    assert (target / "train" / "bee" / "bee0.jpg").read_bytes() == bee.read_bytes()
    (line,) = [line for line in lines(target) if line["decision"] == "failed"]
    assert line["original_kept"]
    assert line["output"] == line["source"] == "train/bee/bee0.jpg"


def test_images_that_cannot_be_translated_are_named_and_the_rest_is_translated(
    tmp_path: Path, model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    labelled.write_yolo(tmp_path / "in")
    bad = tmp_path / "in" / "images" / "train" / "coffee.jpg"
    bad.write_bytes(bad.read_bytes()[:600])
    assert augment(config(tmp_path, "yolo", model=[model])) == 1
    assert "coffee.jpg: " in capsys.readouterr().err
    decisions = {Path(line["source"]).stem: line["decision"] for line in lines(tmp_path / "out")}
    assert decisions == dict.fromkeys(TRAIN, "accepted") | {"coffee": "failed"}
    assert "coffee" not in "".join(contents(tmp_path / "out"))


def test_mixing_blends_by_a_strength_drawn_for_each_image(tmp_path: Path, model: Path) -> None:
    labelled.write_imagefolder(tmp_path / "in")
    for path in (tmp_path / "in").rglob("*.jpg"):
        Image.open(path).save(path.with_suffix(".png"))
        path.unlink()
    settings = config(tmp_path, "imagefolder", model=[model], mode="mix", strength="0.2,0.7")
    assert augment(settings) == 0
    strengths = []
    for line in lines(tmp_path / "out"):
        source = pixels(tmp_path / "in" / line["source"])
        expected = line["strength"] * (255 - source) + (1 - line["strength"]) * source
        result = pixels(tmp_path / "out" / line["output"])
        assert np.abs(result - expected).max() <= 0.501  # rounding, of numbers in float32
        strengths.append(line["strength"])
    assert len({*strengths}) == len(TRAIN)
    assert 0.2 <= min(strengths) <= max(strengths) <= 0.7


def test_the_order_of_files_and_other_images_change_no_draw(tmp_path: Path, model: Path) -> None:
    """The output of a part of a dataset is a part of the output."""
    labelled.write_imagefolder(tmp_path / "in")
    shutil.copytree(tmp_path / "in", tmp_path / "part")
    for path in (tmp_path / "part").rglob("astronaut.jpg"):
        path.unlink()
    options = {"model": [model, model], "weights": [1, 3], "mode": "mix"}
    augment(config(tmp_path, "imagefolder", **options))
    part = {"dataset": tmp_path / "part", "output": tmp_path / "fewer"}
    augment(config(tmp_path, "imagefolder", **options, **part))
    whole, fewer = lines(tmp_path / "out"), lines(tmp_path / "fewer")
    assert fewer == [line for line in whole if "astronaut" not in line["source"]]


def test_an_output_can_be_augmented_again(tmp_path: Path, model: Path) -> None:
    """Its reports are not part of it, and its suffix is in use."""
    labelled.write_yolo(tmp_path / "in")
    first = config(tmp_path, "yolo", model=[model], mode="add", direction="ab")
    assert augment(first) == 0
    again = {"dataset": tmp_path / "out", "output": tmp_path / "more", "ratio": 0.5}
    assert augment(first.model_copy(update=again)) == 0
    stems = [Path(name).stem for name in READERS["yolo"](tmp_path / "more")]
    assert len(stems) == 6 + 4 + 4
    assert sum(stem.endswith("_ab2") for stem in stems) == 4
    assert len(lines(tmp_path / "more")) == 4


def test_a_file_with_a_reports_name_is_not_replaced(tmp_path: Path, model: Path) -> None:
    labelled.write_yolo(tmp_path / "in")
    (tmp_path / "in" / "augmentation.jsonl").write_text("mine")
    with pytest.raises(ValueError, match=r"augmentation\.jsonl: would be replaced"):
        augment(config(tmp_path, "yolo", model=[model]))


@pytest.mark.filterwarnings("ignore:.*torch.jit.script:FutureWarning")
def test_translations_that_a_task_model_no_longer_recognizes_are_rejected(
    tmp_path: Path, model: Path
) -> None:
    """Negatives of red images are no longer red; negatives of gray ones are gray."""
    for name, color in (("red", (250, 20, 20)), ("grey", (120, 120, 120))):
        labelled.save(Image.new("RGB", (32, 32), color), tmp_path / "in" / "a" / f"{name}.png")
    task = tmp_path / "brightest.pt"
    torch.jit.script(Brightest()).save(str(task))
    settings = config(tmp_path, "imagefolder", model=[model], task=str(task), task_score="0.9")
    assert augment(settings) == 0
    decisions = {Path(line["source"]).stem: line["decision"] for line in lines(tmp_path / "out")}
    assert decisions == {"grey": "accepted", "red": "rejected"}


def test_links_share_the_source_and_nothing_else_changes(tmp_path: Path, model: Path) -> None:
    labelled.write_voc(tmp_path / "in")
    before = contents(tmp_path / "in")
    assert augment(config(tmp_path, "voc", model=[model])) == 0
    linked = config(tmp_path, "voc", model=[model], link=True, output=tmp_path / "linked")
    assert augment(linked) == 0
    assert contents(tmp_path / "linked") == contents(tmp_path / "out")
    assert contents(tmp_path / "in") == before
    base = Path("VOCdevkit/VOC2012")
    for name in ("Annotations/coffee.xml", "JPEGImages/camera.jpg"):
        assert (tmp_path / "in" / base / name).samefile(tmp_path / "linked" / base / name)


def test_the_command_line_takes_models_and_weights_several_times(
    tmp_path: Path, model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    labelled.write_imagefolder(tmp_path / "in")
    arguments = ["augment", "--format", "imagefolder", "--dataset", str(tmp_path / "in")]
    arguments += ["--output", str(tmp_path / "out"), "--luma", "off", "--device", "cpu"]
    arguments += ["--model", str(model), "--model", str(model), "--weights", "0", "--weights", "1"]
    assert main(arguments) == 0
    assert "4 of 4 translations accepted" in capsys.readouterr().err
    assert [line["decision"] for line in lines(tmp_path / "out")] == ["accepted"] * 4


def test_unreadable_files_are_named_if_there_is_nothing_to_translate(
    tmp_path: Path, model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Because the JSON file of train is damaged, its images have no split."""
    WRITERS["coco"](tmp_path / "in")
    sheet = next(path for path in sorted((tmp_path / "in").rglob("*.json")) if "train" in path.name)
    sheet.write_bytes(sheet.read_bytes()[:100])
    with pytest.raises(ValueError, match="no images in train"):
        augment(config(tmp_path, "coco", model=[model]))
    assert f"{sheet}: invalid JSON" in capsys.readouterr().err
