"""The digits experiment: its training data, its figures, and one tiny run."""

import json
import sys
import time
from itertools import starmap
from pathlib import Path
from subprocess import PIPE, Popen
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
import yaml
from numpy.typing import NDArray

from experiments.digits import classifiers, digits
from experiments.digits.domains import prepare
from gan.config import Config
from gan.domains import DIRECTIONS
from gan.images import list_images, read_image

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def script() -> ModuleType:
    return digits


def mnist(count: int = 30, seed: int = 0) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    rng = np.random.default_rng(seed)
    labels = np.arange(count, dtype=np.uint8) % 10
    return rng.integers(0, 256, (count, 28, 28), dtype=np.uint8), labels


def pixels(path: Path) -> bytes:
    return np.asarray(read_image(path, channels=1)).tobytes()


def task(script: ModuleType, folder: Path, seed: int = 0) -> Any:
    source, target = (prepare(mnist(count, seed), "ink") for count, seed in ((30, 0), (21, 1)))
    return script.split(source, target, folder, seed)


def test_the_test_third_and_the_targets_classes_are_in_no_folder(
    script: ModuleType, tmp_path: Path
) -> None:
    made = task(script, tmp_path)
    assert (len(made.source), len(made.target), len(made.test)) == (30, 14, 7)
    script.write_folders(made)
    written = {
        domain: [pixels(path) for path in list_images(root)]
        for domain in "AB"
        for root in [tmp_path / "data" / f"train{domain}"]
    }
    test = {image[0].numpy().tobytes() for image in made.test.images}
    assert not test & set(written["B"])
    assert sorted(written["B"]) == sorted(i[0].numpy().tobytes() for i in made.target.images)
    assert {path.parent for path in list_images(tmp_path / "data" / "trainB")} == {
        tmp_path / "data" / "trainB"
    }
    for image, label in zip(made.source.images, made.source.labels, strict=True):
        folder = tmp_path / "data" / "trainA" / str(int(label))
        content = image[0].numpy().tobytes()
        assert content in {pixels(p) for p in list_images(folder)}


def test_a_seed_gives_one_split_and_another_seed_another(
    script: ModuleType, tmp_path: Path
) -> None:
    one, same, other = (task(script, tmp_path, seed) for seed in (0, 0, 1))
    assert torch.equal(one.test.images, same.test.images)
    assert not torch.equal(one.test.images, other.test.images)


@pytest.mark.parametrize("steps", [1, 100, 6000])
def test_a_run_ends_with_its_steps_and_its_rate_has_fallen_by_then(
    steps: int, script: ModuleType, tmp_path: Path
) -> None:
    recipe = yaml.safe_load(script.RECIPE.read_text(encoding="utf-8"))
    recipe["train"]["max_steps"] = steps
    config = Config.model_validate(script.settings(task(script, tmp_path), recipe, 0.5))
    train = config.train
    assert train.max_steps == steps
    assert (train.epochs + train.decay_epochs) * 30 >= steps * train.batch_size
    assert (train.epochs + train.decay_epochs - 1) * 30 < steps * train.batch_size
    assert [config.loss.weight("semantic", direction) for direction in DIRECTIONS] == [0.5, 0.5]


def test_the_share_of_the_gap_that_is_closed(script: ModuleType) -> None:
    results = [
        {"source_only": 60.0, "translated": 90.0, "target_only": 100.0},
        {"source_only": 50.0, "translated": 90.0, "target_only": 90.0},
    ]
    figures = script.summary(results)
    assert figures["gap_closed"] == pytest.approx([87.5, 312.5**0.5])
    assert figures["source_only"] == pytest.approx([55, 50**0.5])
    assert script.table(figures).splitlines()[0].split() == ["source_only", "55.0", "±", "7.1"]


@pytest.mark.parametrize("semantic", [0.0, 1.0])
def test_a_tiny_run_leaves_figures_and_a_sheet(
    semantic: float,
    script: ModuleType,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(classifiers, "STEPS", 8)
    monkeypatch.setattr(script, "read_uci", lambda: mnist(30, seed=1))
    images, labels = mnist(60)
    np.savez(tmp_path / "mnist.npz", images=images, labels=labels)
    monkeypatch.setattr(script, "side_by_side", lambda work, jobs, _: starmap(work, jobs))
    out = tmp_path / "out"
    script.digits(tmp_path / "mnist.npz", out, seeds=1, first=5, steps=2, semantic=semantic)
    saved = json.loads((out / "digits.json").read_text())
    assert saved["protocol"]["semantic"] == semantic
    figures = {"source_only", "translated", "target_only", "jittered", "adapted"}
    assert figures | {"kept", "agreement", "gap_closed"} < saved["summary"].keys()
    assert read_image(out / "5" / "sheet.png").size == (14 * 16 * 6, 4 * 16 * 6)
    said = capsys.readouterr()
    assert "gap_closed" in said.out
    assert "step 2/2" not in said.err
    assert "step 2/2" in (out / "5" / "log.txt").read_text()


def test_a_training_that_fails_names_its_log(
    script: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stopped = SimpleNamespace(status=75, ended="SIGTERM")
    monkeypatch.setattr(script.gan, "train", lambda _: stopped, raising=False)
    with pytest.raises(SystemExit, match=r"stopped: SIGTERM; see .*log\.txt"):
        script.train(Config(), tmp_path / "log.txt")


@pytest.mark.slow
def test_seeds_run_in_processes_of_one_thread_in_order(script: ModuleType) -> None:
    assert list(script.side_by_side(torch.get_num_threads, [()] * 2, 2)) == [1, 1]
    assert list(script.side_by_side(pow, [(2, power) for power in range(5)], 2)) == [1, 2, 4, 8, 16]


def test_a_failure_does_not_wait_for_the_other_processes(script: ModuleType) -> None:
    with pytest.raises(ValueError, match="must be non-negative"):
        list(script.side_by_side(time.sleep, [(-1,), (600,), (600,), (600,)], 2))


def test_processes_end_with_the_one_that_started_them(tmp_path: Path) -> None:
    """A killed process cannot end them: their output closes only when all have ended."""
    (tmp_path / "main.py").write_text(f"""
import sys, time
sys.path.insert(0, {str(ROOT)!r})
from experiments.digits import digits

def work(number):
    print("working", flush=True)
    time.sleep(600)

if __name__ == "__main__":
    list(digits.side_by_side(work, [(0,), (1,)], 2))
""")
    with Popen([sys.executable, tmp_path / "main.py"], stdout=PIPE, text=True) as process:
        assert process.stdout is not None
        assert [process.stdout.readline() for _ in range(2)] == ["working\n"] * 2
        process.kill()
        assert process.stdout.read() == ""
