"""`gan augment --ablation` as a whole: its output, files and errors."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from experiments.checks.drawn import FORMATS, write_dataset
from gan.augment import AugmentOptions, augment
from gan.augment.ablation.trials import CONDITIONS
from gan.cli.main import main
from tests.support.augmenting import config
from tests.support.interrupted_runs import contents


def prepared(
    tmp_path: Path, model: Path, labels: str = "classes", **options: Any
) -> AugmentOptions:
    """Return settings for drawn datasets whose test images are inverted."""
    if not (tmp_path / "in").exists():
        write_dataset(tmp_path / "in", labels, "shape", 24, 0)
        write_dataset(tmp_path / "test", labels, "shape", 15, 1, inverted=True)
    given = {"ablation": True, "test": tmp_path / "test", "ablation_seeds": 3}
    given |= {"ablation_steps": 2, "model": [model]}
    return config(tmp_path, FORMATS[labels], **given | options)


def record(tmp_path: Path) -> dict[str, Any]:
    return dict(json.loads((tmp_path / "out" / "ablation.json").read_bytes()))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--ablation"], "test: --ablation requires --test FOLDER"),
        (["--test", "b"], "test: b is used by ablation only: add --ablation"),
        (["--ablation_steps", "9"], "ablation_steps: is used by ablation only: add --ablation"),
        (["--ablation", "--test", "b", "--ablation_seeds", "2"], "ablation_seeds"),
    ],
)
def test_options_that_contradict_are_rejected_in_one_line(
    options: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["augment", "--model", "m", "--dataset", "a", "--format", "yolo", "--output", "o"]
    with pytest.raises(SystemExit) as stopped:
        main([*words, *options])
    assert stopped.value.code
    assert message in capsys.readouterr().err


@pytest.mark.parametrize("labels", FORMATS)
def test_every_kind_of_labels_is_compared_and_written(
    tmp_path: Path, model: Path, labels: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert augment(prepared(tmp_path, model, labels)) == 0
    written, printed = record(tmp_path), capsys.readouterr().out
    assert {*written["conditions"]} == {each.name for each in CONDITIONS}
    assert written["counts"]["test_images"] == 15
    assert written["counts"]["with_translation"] == written["counts"]["training_samples"] >= 24
    for row in written["conditions"].values():
        assert len(row["by_seed"]) == 3
        assert row["score"]["low"] <= row["score"]["value"] <= row["score"]["high"]
        assert row["score"]["value"] == pytest.approx(sum(row["by_seed"]) / 3)
    assert written["text"] in printed
    assert "warning: test: 15 images: the interval is rough" in printed
    table = (tmp_path / "out" / "ablation.md").read_text()
    assert table.count("| translated 50 % |") == 1


def test_a_second_start_prints_the_same_and_trains_nothing(
    tmp_path: Path,
    model: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settings = prepared(tmp_path, model)
    assert augment(settings) == 0
    first, files = capsys.readouterr().out, contents(tmp_path / "out")
    monkeypatch.setattr("gan.augment.ablation.command.run_trial", None)
    assert augment(settings) == 0
    again = capsys.readouterr()
    assert again.out == first
    assert "finished before" in again.err
    assert contents(tmp_path / "out") == files


def test_it_runs_on_an_output_that_was_finished_without_it_and_repeats_exactly(
    tmp_path: Path, model: Path
) -> None:
    alone: dict[str, Any] = {
        "ablation": False,
        "test": None,
        "ablation_seeds": 5,
        "ablation_steps": 300,
    }
    assert augment(prepared(tmp_path, model, **alone)) == 0
    before = contents(tmp_path / "out")
    assert augment(prepared(tmp_path, model)) == 0
    first = contents(tmp_path / "out")
    assert first.keys() - before.keys() == {"ablation.json", "ablation.md"}
    assert {name: first[name] for name in before} == before
    shutil.rmtree(tmp_path / "out")
    assert augment(prepared(tmp_path, model)) == 0
    assert contents(tmp_path / "out") == first


def test_an_output_with_an_ablation_can_be_a_dataset(tmp_path: Path, model: Path) -> None:
    assert augment(prepared(tmp_path, model, "boxes")) == 0
    (tmp_path / "out").rename(tmp_path / "more")
    assert augment(config(tmp_path, "yolo", dataset=tmp_path / "more", model=[model])) == 0
    assert "ablation.json" not in contents(tmp_path / "out")


def test_a_test_that_shares_a_file_with_training_is_rejected_before_anything_is_written(
    tmp_path: Path, model: Path
) -> None:
    settings = prepared(tmp_path, model)
    source = next((tmp_path / "in" / "disc").iterdir())
    shutil.copy(source, tmp_path / "test" / "square" / "other name.png")
    with pytest.raises(ValueError, match=r"other name\.png has the same content as .*disc"):
        augment(settings)
    assert not (tmp_path / "out").exists()


def test_classes_of_one_side_alone_are_named_and_not_measured(
    tmp_path: Path, model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = prepared(tmp_path, model)
    (tmp_path / "test" / "disc").rename(tmp_path / "test" / "ring")
    count = len([*(tmp_path / "test" / "ring").iterdir()])
    assert augment(settings) == 0
    printed = capsys.readouterr().out
    assert f"not tested, because no training sample has the class: ring ({count})" in printed
    assert "not measured, because no test sample has the class: disc" in printed
    assert record(tmp_path)["counts"]["test_samples"] == 15 - count


def test_fewer_than_two_classes_are_rejected(tmp_path: Path, model: Path) -> None:
    settings = prepared(tmp_path, model)
    for name in ("disc", "square"):
        shutil.rmtree(tmp_path / "test" / name)
    with pytest.raises(
        ValueError, match=r"requires at least two classes .* and in --test; found triangle"
    ):
        augment(settings)


def test_a_test_without_labels_of_the_kind_is_rejected(tmp_path: Path, model: Path) -> None:
    settings = prepared(tmp_path, model, "boxes")
    shutil.rmtree(tmp_path / "test" / "labels")
    with pytest.raises(ValueError, match=r"test: .*none of its images has a label"):
        augment(settings)


def test_unreadable_test_images_are_named_and_not_counted(
    tmp_path: Path, model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = prepared(tmp_path, model)
    broken = next((tmp_path / "test" / "disc").iterdir())
    broken.write_bytes(b"no picture")
    assert augment(settings) == 0
    assert str(broken) in capsys.readouterr().err
    written = record(tmp_path)
    assert written["counts"]["test_samples"] == 14
    assert [Path(name).name for name, _ in written["failures"]] == [broken.name]


def test_samples_whose_translation_was_rejected_are_reported(
    tmp_path: Path, model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The negative of an image of one color has one color: its contrast is not measured."""
    settings = prepared(tmp_path, model, luma="0")
    for number in range(3):
        flat = Image.new("RGB", (64, 64), (90, 100 + number, 110))
        flat.save(tmp_path / "in" / "disc" / f"flat{number}.png")
    assert augment(settings) == 0
    counts = record(tmp_path)["counts"]
    assert (counts["training_samples"], counts["with_translation"]) == (27, 3)
    assert "trained on 27, of which 3 have an accepted translation" in capsys.readouterr().out
