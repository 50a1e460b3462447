"""A whole comparison of two tiny recipes: its output, its files, and resuming."""

import json
import shutil
from pathlib import Path

import pytest
from PIL import Image

from experiments.compare.command import main
from experiments.compare.table import tables
from tests.support import backbone
from tests.support.launching import KEYS, write_images

pytestmark = pytest.mark.slow
TINY = {key: value for key, value in KEYS.items() if key.startswith(("data", "networks", "run"))}


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = write_images(tmp_path_factory.mktemp("data") / "noise", 7, 6)
    for domain in ("A", "B"):
        (folder / f"test{domain}").mkdir()
        for number in range(6):
            with Image.open(folder / f"train{domain}" / f"{number % 3}.png") as image:
                turned = image.resize((24, 24)).rotate(90 * number)
            turned.save(folder / f"test{domain}" / f"p{number // 2}_{number}.png")
    backbone.write_network(folder / "weights.pth")
    return folder


def test_two_recipes_are_trained_measured_and_shown_once(
    root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    recipe = tmp_path / "tiny.yaml"
    recipe.write_text("loss: {cycle: 5}\n")
    words = [
        str(recipe), f"{recipe},loss.cycle=1", "--data", root, "--steps", 2, "--seeds", 2,
        "--features", "mobilenet_v2", "--weights", root / "weights.pth",
        "--runs", tmp_path / "runs", "--output", tmp_path / "out.jsonl",
        *(word for key, value in TINY.items() for word in ("--set", f"{key}={value}")),
    ]  # fmt: skip
    assert main(list(map(str, words))) == 0
    records = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    assert [(r["recipe"], r["seed"], r["steps"]) for r in records] == [
        ("tiny", 0, 2), ("tiny,loss.cycle=1", 0, 2), ("tiny", 1, 2), ("tiny,loss.cycle=1", 1, 2),
    ]  # fmt: skip
    last = records[0]["generators"]["last"]
    assert set(last["l1_ab"]["photographs"]) == {"p0", "p1", "p2"}
    assert set(last["artifacts"]) == {"grid", "flat_noise", "border"}
    printed = capsys.readouterr().out
    assert tables(sorted(records, key=lambda record: record["recipe"])) in printed
    with Image.open(tmp_path / "runs" / "sheet.png") as sheet:
        assert sheet.width > 4 * 32
    before = (tmp_path / "out.jsonl").stat().st_mtime_ns
    assert main(list(map(str, words))) == 0
    assert (tmp_path / "out.jsonl").stat().st_mtime_ns == before
    assert capsys.readouterr().out == printed[printed.index("noise test") :]


def test_records_of_another_machine_are_used(
    root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Trainings are identified by contents of files, not by paths; the sheet needs the runs."""

    def words(home: Path) -> list[str]:
        words = [
            "paper", "paper,loss.identity=0", "--data", home / root.name, "--steps", 1,
            "--seeds", 1, "--features", "mobilenet_v2",
            "--weights", home / root.name / "weights.pth",
            "--runs", home / "runs", "--output", tmp_path / "out.jsonl",
            "--set", f"perceptual.weights={home / root.name / 'weights.pth'}",
            *(word for key, value in TINY.items() for word in ("--set", f"{key}={value}")),
        ]  # fmt: skip
        return list(map(str, words))

    shutil.copytree(root, tmp_path / "here" / root.name)
    assert main(words(tmp_path / "here")) == 0
    table = capsys.readouterr().out.split("noise test")[1].partition("\n\n" + str(tmp_path))[0]
    lines = (tmp_path / "out.jsonl").read_text()
    (tmp_path / "here").rename(tmp_path / "there")
    (tmp_path / "there" / "runs").rename(tmp_path / "gone")
    assert main(words(tmp_path / "there")) == 0
    assert (tmp_path / "out.jsonl").read_text() == lines
    printed = capsys.readouterr().out
    assert table in printed
    assert "paper: not on the sheet" in printed
    assert not (tmp_path / "there" / "runs" / "sheet.png").exists()
    (tmp_path / "there" / root.name / "trainA" / "0.png").unlink()
    assert main(words(tmp_path / "there")) == 0
    assert (tmp_path / "out.jsonl").read_text() != lines
