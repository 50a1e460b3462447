"""`gan evaluate`: what it prints and writes, and its errors in one line."""

import hashlib
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.support import backbone
from tests.support.commands import status
from tests.support.pictures import Photos

NewGenerator = Callable[..., Path]


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return backbone.write_network(tmp_path_factory.mktemp("weights") / "mobilenet.pth")


@pytest.fixture
def run(
    tmp_path: Path, photos: Photos, new_generator: NewGenerator, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """A run directory with both generators; testA and testB are next to it.

    torch's cache is empty: no Inception, no AlexNet.
    """
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "cache"))
    folder = tmp_path / "run"
    folder.mkdir()
    for direction in ("ab", "ba"):
        new_generator(folder / f"gen_{direction}.safetensors", direction)
    photos("testA"), photos("testB")
    return folder


def evaluate(run: Path, **options: Any) -> int:
    given = {"model": run, "root": run.parent, "size": 32, "device": "cpu", "resamples": 50}
    return status("evaluate", *(f"--{k}={v}" for k, v in (given | options).items()))


def test_the_line_of_metrics_jsonl_has_the_documented_entries(run: Path, weights: Path) -> None:
    assert evaluate(run, features="mobilenet_v2", weights=weights) == 0
    (line,) = (run / "metrics.jsonl").read_text().splitlines()
    record = json.loads(line)
    assert list(record) == ["step", "epoch", "time", "images", "protocol", "metrics"]
    assert record["step"] == 7
    assert record["time"].endswith("+00:00")
    ends = {"ab": "a", "ba": "b"}
    expected = {
        f"{name}_{way}"
        for way in ends
        for name in ("fid", "kid", "l1", "ssim", "psnr", "lpips", "gram", "structure")
    } | {f"{name}_{end}" for end in ends.values() for name in ("cycle", "identity")}
    assert set(record["metrics"]) == expected
    for metric in record["metrics"].values():
        assert list(metric) == [
            "value", "low", "high", "count", "better", "unchanged", "change", "warning",
        ]  # fmt: skip
    protocol = record["protocol"]
    assert set(protocol["models"]) == {"ab", "ba"}
    assert protocol["extractor"]["name"] == "mobilenet_v2"
    for key in ("sources", "references", "resize", "bootstrap", "versions", "precision", "kid"):
        assert protocol[key]


def test_every_image_has_a_line(run: Path) -> None:
    assert evaluate(run) == 0
    lines = (run / "evaluation" / "step-00000007.jsonl").read_text().splitlines()
    records = [json.loads(line) for line in lines]
    expected = [(way, f"{i:03d}.png") for way in ("ab", "ba") for i in range(4)]
    assert [(record["direction"], record["file"]) for record in records] == expected
    assert {"l1", "cycle", "identity"} <= set(records[0]["scores"])


def test_every_call_adds_a_line_and_a_file_of_scores(run: Path) -> None:
    (run / "evaluation").mkdir()
    (run / "evaluation" / "step-00000007.jsonl").write_text("training's")
    for seed in range(2):
        assert evaluate(run, seed=seed) == 0
    assert (run / "evaluation" / "step-00000007.jsonl").read_text() == "training's"
    for number in (2, 3):
        assert (run / "evaluation" / f"step-00000007-{number}.jsonl").is_file()
    lines = (run / "metrics.jsonl").read_text().splitlines()
    assert [json.loads(line)["protocol"]["bootstrap"]["seed"] for line in lines] == [0, 1]


def test_answers_and_unanswered_questions_are_printed(
    run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert evaluate(run) == 0
    printed = capsys.readouterr().out
    assert "A to B: 4 images of A, 4 images of B, 32 pixels a side\n" in printed
    assert "\nL1 " in printed
    (line,) = [line for line in printed.splitlines() if "not answered" in line]
    assert "nearer to the target than the images of the source are; keeps what is seen" in line
    assert "(fid, kid, gram, structure). Add --features mobilenet_v2 " in line
    assert "note: ms_ssim skipped: requires 176 pixels a side, not 32" in printed
    assert f"written to {run / 'metrics.jsonl'}" in printed
    assert printed.endswith("; --verbose prints the protocol\n")
    assert "sha256" not in printed


def test_verbose_adds_every_number_by_name_and_the_protocol(
    run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert status("evaluate", str(run), str(run.parent), "--size=32", "--verbose") == 0
    printed = capsys.readouterr().out
    assert "\nReconstruction of the images of A: mean error" in printed
    assert "\ncycle_a " in printed
    assert "\n  precision: fp32\n" in printed
    assert "sha256" in printed
    assert "--verbose" not in printed


@pytest.mark.parametrize("kind", ["unet_128", "resnet_6blocks"])
def test_a_single_file_is_measured_and_written_to_output(
    kind: str, run: Path, new_generator: NewGenerator, tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    file = new_generator(tmp_path / "alone.safetensors", "ba", kind=kind)
    options = {"root": tmp_path, "max_images": 2}
    assert evaluate(file, **options) == 0
    printed = capsys.readouterr().out
    assert "\nB to A: " in printed
    assert "\nA to B" not in printed
    assert "name a folder with --output" in printed
    assert evaluate(file, output=tmp_path / "there", **options) == 0
    assert (tmp_path / "there" / "metrics.jsonl").is_file()


@pytest.mark.parametrize(("options", "expected"), [
    ({"features": "mobilenet_v9"}, "neither inception nor a torchvision network"),
    ({"features": "inception", "weights": "nowhere.pth"}, "features inception"),
    ({"weights": "nowhere.pth"}, "weights: the network is not named"),
    ({"size": 10**6}, "size: expected an integer from 16 to 4096. Got: 1000000"),
    ({"size": 0}, "size: expected an integer from 16 to 4096. Got: 0"),
    ({"size": -1}, "size: expected an integer from 16 to 4096. Got: -1"),
    ({"resamples": -1}, "resamples: expected an integer from 0 to 10000. Got: -1"),
    ({"resamples": 10**12}, "resamples: expected an integer from 0 to 10000. Got: 1000"),
    ({"seed": 2**63}, "seed: expected at most 9223372036854775807. Got"),
    ({"seed": 10**300}, "seed: expected at most 9223372036854775807. Got: 10000"),
    ({"directions": "ac"}, "directions: must be ab, ba or ab,ba, not ac"),
    ({"batch_size": 0}, "batch_size: expected an integer ≥ 1. Got: 0"),
    ({"size": 8}, "size: expected an integer from 16 to 4096. Got: 8"),
    ({"root": "nowhere"}, "nowhere/testA and nowhere/testB: no such folder"),
    ({"model": "nowhere"}, "nowhere: no such run directory or generator file"),
])  # fmt: skip
def test_errors_are_one_line(
    options: dict[str, Any], expected: str, run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert evaluate(run, **options) == (2 if "Got" in expected else 1)
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("gan evaluate: error: ")
    assert expected in line
    assert not (run / "metrics.jsonl").exists()


@pytest.mark.parametrize("place", ["file/there", "folder"])
def test_an_unwritable_output_is_rejected_before_any_work(
    place: str, run: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (run / "file").write_text("")
    (run / "folder" / "metrics.jsonl").mkdir(parents=True)
    monkeypatch.setattr("gan.evaluation.command.open_model", lambda *_: pytest.fail("at work"))
    assert evaluate(run, output=run / place) == 1
    assert "metrics.jsonl: cannot be written: " in capsys.readouterr().err


def test_out_of_memory_is_a_one_line_error(
    run: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def short(*_: object, **__: object) -> None:
        raise RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory:\nmore")

    monkeypatch.setattr("gan.evaluation.command.evaluate", short)
    assert evaluate(run) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.endswith("out of memory: lower --batch_size or --size")


def test_a_direction_without_a_generator_is_rejected_by_name(
    run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (run / "gen_ba.safetensors").unlink()
    for directions in ("ba", "ab,ba"):
        assert evaluate(run, directions=directions) == 1
        (line,) = capsys.readouterr().err.splitlines()
        assert f"{run / 'gen_ba.safetensors'}: no such file" in line
    assert evaluate(run / "gen_ab.safetensors", directions="ba") == 1
    assert "gen_ab.safetensors: this generator is for ab" in capsys.readouterr().err
    assert not (run / "metrics.jsonl").exists()
    assert evaluate(run) == 0


def test_names_of_any_bytes_are_hashed_written_and_shown(
    run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A name that is not UTF-8, a name of two lines, and an unreadable file with such a name."""
    test = os.fsencode(run.parent / "testA")
    names = [b"\xff\xfe.png", b"two\nlines.png"]
    for old, new in zip((b"000.png", b"001.png"), names, strict=True):
        os.rename(os.path.join(test, old), os.path.join(test, new))
    with open(os.path.join(test, b"torn\n\xff.png"), "wb") as file:
        file.write(b"no picture")
    assert evaluate(run) == 0
    printed = capsys.readouterr().out
    assert r"torn\n\udcff.png: not an image" in printed
    assert all(line.isprintable() for line in printed.splitlines())
    protocol = json.loads((run / "metrics.jsonl").read_text())["protocol"]
    digest = hashlib.sha256()
    for name in sorted((*names, b"002.png", b"003.png"), key=os.fsdecode):
        with open(os.path.join(test, name), "rb") as file:
            content = hashlib.sha256(file.read()).hexdigest()
        digest.update(name + f"\t{content}\n".encode())
    assert protocol["sources"]["a"]["sha256"] == digest.hexdigest()
    lines = (run / "evaluation" / "step-00000007.jsonl").read_text().splitlines()
    files = {os.fsencode(json.loads(line)["file"]) for line in lines}
    assert set(names) <= files


def test_a_generator_that_takes_a_style_is_rejected(
    run: Path, new_generator: NewGenerator, capsys: pytest.CaptureFixture[str]
) -> None:
    (run / "gen_ba.safetensors").unlink()
    new_generator(run / "gen_ab.safetensors", kind="adain")
    assert evaluate(run) == 1
    assert "requires a style image" in capsys.readouterr().err


def test_without_torchmetrics_the_rest_is_measured(
    run: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("gan.metrics.pictures.find_spec", lambda _: None)
    assert evaluate(run) == 0
    printed = capsys.readouterr().out
    assert "\nPSNR " in printed
    assert "\nSSIM " not in printed
    assert "ssim, ms_ssim skipped: pip install 'gan-translation[metrics]'" in printed
