"""When an output can be resumed: contents must be equal, and a rejected start writes nothing."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from gan.augment import augment
from gan.augment.formats import dataset_format
from gan.augment.output import fingerprint
from gan.cli.main import main
from gan.inference.translator import Translator
from tests.support import labelled
from tests.support.augmenting import config
from tests.support.interrupted_runs import contents


def flipped(content: bytes) -> bytes:
    """Return changed content of equal length."""
    return content[:-1] + bytes([content[-1] ^ 1])


@pytest.mark.parametrize("format", labelled.FORMATS)
def test_every_byte_of_every_file_is_in_the_fingerprint(tmp_path: Path, format: str) -> None:
    """Names, too. Changes that keep the length count as well."""
    labelled.WRITERS[format](tmp_path)
    dataset = dataset_format(format).read(tmp_path)
    found = [fingerprint(dataset)]
    for path in sorted(path for path in tmp_path.rglob("*") if path.is_file()):
        before = path.read_bytes()
        path.write_bytes(flipped(before))
        found.append(fingerprint(dataset))
        path.write_bytes(before)
    assert len({*found}) == len(found) > 6
    assert fingerprint(dataset) == found[0]


def test_a_changed_label_style_or_task_is_noticed_by_the_same_command(
    tmp_path: Path, model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gan.augment.command.load_task_score", lambda *_: lambda *_: 1.0)
    labelled.write_yolo(tmp_path / "in")
    style, task = tmp_path / "style.jpg", tmp_path / "task.pt"
    style.write_bytes(b"one")
    task.write_bytes(b"one")
    settings = config(tmp_path, "yolo", model=[model], style=style, task=str(task))
    assert augment(settings) == 0
    label = tmp_path / "in" / "labels" / "train" / "coffee.txt"
    for path, key in ((label, "dataset_fingerprint"), (style, "style"), (task, "task")):
        before = path.read_bytes()
        path.write_bytes(flipped(before))
        with pytest.raises(ValueError, match=f"was begun with {key}"):
            augment(settings)
        path.write_bytes(before)
    assert augment(settings) == 0


@pytest.mark.parametrize("options", [{"tile": 64}, {"task": "nowhere.pt"}, {"direction": "ba"}])
def test_a_rejected_start_writes_nothing(
    tmp_path: Path, new_generator: Any, options: dict[str, Any]
) -> None:
    labelled.write_yolo(tmp_path / "in")
    unet = {"kind": "unet_128", "norm": "instance"} if "tile" in options else {}
    model = new_generator(tmp_path / "gen_ab.safetensors", **unet)
    before = contents(tmp_path)
    with pytest.raises(ValueError, match=r"tile|nowhere|translates ab"):
        augment(config(tmp_path, "yolo", model=[model], device="cpu", **options))
    assert contents(tmp_path) == before
    assert not (tmp_path / "out").exists()


def test_a_finished_output_reports_its_failures_again(
    tmp_path: Path, model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    labelled.write_yolo(tmp_path / "in")
    bad = tmp_path / "in" / "images" / "train" / "coffee.jpg"
    bad.write_bytes(bad.read_bytes()[:600])
    settings = config(tmp_path, "yolo", model=[model])
    assert [augment(settings), augment(settings)] == [1, 1]
    lines = capsys.readouterr().err.splitlines()[-2:]
    assert "finished before" in lines[0]
    assert "1 images could not be translated: see" in lines[1]
    assert lines[1].endswith("augmentation.jsonl")


def test_an_output_that_is_a_file_is_rejected_in_a_line_that_names_the_option(
    tmp_path: Path, model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    labelled.write_yolo(tmp_path / "in")
    (tmp_path / "file").write_text("mine")
    for place in (tmp_path / "file", tmp_path / "file" / "below", Path("/dev/full")):
        arguments = ["augment", "--format", "yolo", "--dataset", str(tmp_path / "in")]
        arguments += ["--model", str(model), "--output", str(place), "--device", "cpu"]
        assert main(arguments) == 1
        (line,) = capsys.readouterr().err.splitlines()
        assert str(place) in line
        assert "--output" in line
    assert (tmp_path / "file").read_text() == "mine"


def test_links_to_another_disk_are_rejected_before_anything_is_written(
    tmp_path: Path, model: Path
) -> None:
    other = Path("/dev/shm")
    if not other.is_dir() or other.stat().st_dev == tmp_path.stat().st_dev:
        pytest.skip("no second disk")
    labelled.write_yolo(tmp_path / "in")
    target = other / f"gan-links-{tmp_path.name}-{id(tmp_path)}"
    try:
        with pytest.raises(ValueError, match="is on another disk than"):
            augment(config(tmp_path, "yolo", model=[model], link=True, output=target))
        assert not target.exists()
    finally:
        shutil.rmtree(target, ignore_errors=True)


def test_an_output_without_translations_and_an_empty_split_are_reported(
    tmp_path: Path, model: Path, negative: Translator, capsys: pytest.CaptureFixture[str]
) -> None:
    """The gate `luma` rejects every negative."""
    labelled.write_yolo(tmp_path / "in")
    assert augment(config(tmp_path, "yolo", model=[model], luma="0")) == 0
    said = capsys.readouterr().err.splitlines()
    assert [line for line in said if line.startswith("warning: ")] == [
        "warning: no translation was accepted: see sheet.png and augmentation.jsonl",
        "warning: train has no images in the output",
    ]
    report = json.loads((tmp_path / "out" / "augmentation.json").read_text())
    assert report["thresholds"]["luma"] == 0
