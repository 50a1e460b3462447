"""Evaluation during training: changes nothing, keeps the best, ends a run without progress."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from gan.config import Config
from gan.evaluation import Evaluation, Metric
from gan.inference.translator import Translator
from gan.metrics import interval_around
from gan.metrics.kernel import kernel_estimate
from gan.networks.files import read_about
from gan.system.signals import Interruption
from gan.training import Run, train
from gan.training.observers.evaluation import Mark, clearly_better
from gan.training.progress import Progress


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Five images in trainA, three in trainB, three pairs in testA and testB."""
    folder = tmp_path_factory.mktemp("photos")
    rng = np.random.default_rng(0)
    for name, count in (("trainA", 5), ("trainB", 3), ("testA", 3), ("testB", 3)):
        (folder / name).mkdir()
        for i in range(count):
            pixels = rng.integers(256, size=(24, 20, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(folder / name / f"{i}.png")
    return folder


def config(root: Path, run_dir: Path, max_steps: int = 6, **evaluate: Any) -> Config:
    return Config.model_validate({
        "data": {"root": root, "load_size": 18, "crop_size": 16, "workers": 0},
        "networks": {
            "generator": "resnet_6blocks", "generator_channels": 2, "dropout": True,
            "discriminator": "pixel", "discriminator_channels": 2,
        },
        "train": {
            "epochs": 9, "log_every": 2, "max_steps": max_steps, "checkpoint_every": 2, "ema": 0.9,
        },
        "evaluate": evaluate,
        "run": {"dir": run_dir, "device": "cpu"},
    })  # fmt: skip


def lines(run: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]


def final_state(run: Path) -> dict[str, Any]:
    newest = sorted((run / "state").glob("step-*"))[-1]
    state: dict[str, Any] = torch.load(newest / "shared.pt", weights_only=True)
    state.pop("observers")
    return state


def same(one: Any, other: Any) -> bool:
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(map(same, one, other))
    return torch.equal(one, other) if isinstance(one, torch.Tensor) else bool(one == other)


def test_training_with_evaluation_is_training_without(root: Path, tmp_path: Path) -> None:
    train(config(root, tmp_path / "with", every=2, best="l1_ab", resamples=20))
    train(config(root, tmp_path / "without"))
    assert same(final_state(tmp_path / "with"), final_state(tmp_path / "without"))
    for name in ("gen_ab.safetensors", "gen_ba.safetensors"):
        one, other = (tmp_path / run / name for run in ("with", "without"))
        assert one.read_bytes() == other.read_bytes()


def test_every_evaluation_is_a_line_with_its_protocol(root: Path, tmp_path: Path) -> None:
    train(config(root, tmp_path, every=4, resamples=20))
    written = lines(tmp_path)
    assert [line["step"] for line in written] == [0, 4, 6]
    assert [line["epoch"] for line in written] == [0, 0, 1]
    for line in written:
        assert {"l1_ab", "l1_ba", "cycle_a", "identity_b"} <= line["metrics"].keys()
        assert line["protocol"]["precision"] == "fp32"
        assert (tmp_path / "evaluation" / f"step-{line['step']:08d}.jsonl").is_file()


class Script:
    """Replaces the evaluation: one value of l1_ab per call, with an interval of +-1."""

    def __init__(self, values: list[float]) -> None:
        self.values: Iterator[float] = iter(values)

    def __call__(self, *_: object) -> Evaluation:
        value = next(self.values)
        metric = Metric(value, value - 1, value + 1, count=3, better="lower")
        return Evaluation({"l1_ab": metric}, {}, (), ())


def test_the_best_is_kept_and_a_plateau_ends_the_run(
    root: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """9 is clearly better than 11, 8.5 a little better than 9; nothing is clearly better again."""
    values = [99, 11, 9, 8.5, 8.8, 9.9]
    settings = {"every": 2, "best": "l1_ab", "patience": 3}
    monkeypatch.setattr("gan.training.observers.evaluation.evaluate", Script(values))
    assert train(config(root, tmp_path, max_steps=40, **settings)).status == 0
    printed = capsys.readouterr().err
    assert "l1_ab has not become clearly better for 3 evaluations, since step 4" in printed
    assert "l1_ab: last 9.9 [8.9, 10.9] at step 10; best 8.5 [7.5, 9.5] at step 6" in printed
    best = json.loads((tmp_path / "best.json").read_text())
    assert (best["metric"], best["step"], best["value"]) == ("l1_ab", 6, 8.5)
    manifest = sorted((tmp_path / "state").glob("*/manifest.json"))[-1]
    assert "since step 4" in json.loads(manifest.read_text())["ended"]

    train(config(root, tmp_path / "plain", max_steps=6))
    for name in ("ab", "ba"):
        kept = Translator.load(tmp_path / f"gen_{name}-best.safetensors").network.state_dict()
        wanted = Translator.load(tmp_path / "plain" / f"gen_{name}.safetensors").network
        assert same(dict(kept), dict(wanted.state_dict()))

    assert train(config(root, tmp_path, max_steps=40, **settings)).status == 0
    assert "finished at step 10 of 545: l1_ab has not" in capsys.readouterr().err
    monkeypatch.setattr("gan.training.observers.evaluation.evaluate", Script([5.0]))
    assert train(config(root, tmp_path, max_steps=12, **settings | {"patience": 4})).status == 0
    assert json.loads((tmp_path / "best.json").read_text())["step"] == 12


@pytest.mark.parametrize("stop", [2, 4, 6])
def test_a_resumed_run_decides_like_the_uninterrupted_one(
    stop: int, root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    values, settings = [99, 5, 7, 4.5, 1], {"every": 2, "best": "l1_ab", "patience": 9}
    states = []
    for name, stops in (("whole", [8]), ("parts", [stop, 8])):
        monkeypatch.setattr("gan.training.observers.evaluation.evaluate", Script(values))
        for steps in stops:
            run = Run(config(root, tmp_path / name, max_steps=steps, **settings), Interruption())
            run.fit()
        states.append(run.observers["evaluation"].state())
    assert states[0] == states[1]
    assert states[0]["best"]["step"] == 8


@pytest.mark.parametrize("damage", ["best.json", "gen_ba-best.safetensors", "both"])
def test_damaged_files_of_the_best_are_reported_and_the_run_continues(
    damage: str, root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    """5 at step 2 is the best; 7 at step 6 only if the files of step 2 are lost."""
    settings = {"every": 2, "best": "l1_ab"}
    monkeypatch.setattr("gan.training.observers.evaluation.evaluate", Script([99, 5, 9, 7]))
    train(config(root, tmp_path, max_steps=4, **settings))
    names = ["best.json", "gen_ba-best.safetensors"] if damage == "both" else [damage]
    for name in names:
        (tmp_path / name).write_bytes((tmp_path / name).read_bytes()[:20])
    train(config(root, tmp_path, max_steps=6, **settings))
    printed = capsys.readouterr().err
    best = json.loads((tmp_path / "best.json").read_text())
    if damage == "best.json":
        assert f"{tmp_path / 'best.json'}: damaged, missing or of another step" in printed
        assert (best["step"], best["value"]) == (2, 5)
    else:
        assert "the best generators, of step 2, are damaged or missing" in printed
        assert (best["step"], best["value"]) == (6, 7)
    for way in ("ab", "ba"):
        assert read_about(tmp_path / f"gen_{way}-best.safetensors")["step"] == best["step"]


def test_every_evaluation_is_printed_in_a_line_and_hints_name_keys(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    train(config(root, tmp_path, every=4, resamples=0))
    printed = capsys.readouterr().err
    for line in lines(tmp_path):
        value = line["metrics"]["l1_ab"]["value"]
        assert f"evaluation, step {line['step']}: l1_ab {value:.4g}, l1_ba " in printed
    assert "--evaluate.features mobilenet_v2 (offline with --evaluate.weights FILE)" in printed
    assert " --features" not in printed
    assert re.search(r": step 6 of [1-9]\d+ done; set train.max_steps higher", printed)


def test_a_skipped_file_of_any_name_is_named_in_one_line(
    root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = Path(shutil.copytree(root, tmp_path / "data"))
    (data / "testA" / os.fsdecode(b"torn\n\xff\x1b.png")).write_bytes(b"no picture")
    train(config(data, tmp_path / "run", max_steps=2, every=2, resamples=0))
    printed = capsys.readouterr().err
    assert rf"{data / 'testA'}/torn\n\udcff\x1b.png: not an image of a known kind" in printed
    assert "\x1b" not in printed


def test_the_time_of_an_evaluation_is_excluded_from_the_speed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock = [100.0]
    monkeypatch.setattr("gan.training.progress.time.perf_counter", lambda: clock[0])
    progress = Progress(0, 10, quiet=True)
    clock[0] += 2
    with progress.aside():
        clock[0] += 3600
    assert progress.steps_per_second(4) == 2


def test_lines_of_repeated_steps_are_dropped(root: Path, tmp_path: Path) -> None:
    """Killed after step 6: the newest remaining state is that of step 4."""
    settings = {"every": 2, "resamples": 20}
    train(config(root, tmp_path, **settings))
    shutil.rmtree(tmp_path / "state" / "step-00000006")
    train(config(root, tmp_path, **settings))
    assert [line["step"] for line in lines(tmp_path)] == [0, 2, 4, 6]
    names = [line["images"] for line in lines(tmp_path)]
    assert names == [f"evaluation/step-{step:08d}.jsonl" for step in (0, 2, 4, 6)]
    shutil.rmtree(tmp_path / "state")
    train(config(root, tmp_path, **settings))
    assert [line["step"] for line in lines(tmp_path)] == [0, 2, 4, 6]


def test_a_metric_that_cannot_be_measured_is_rejected_first(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.setattr(
        "gan.training.observers.evaluation.evaluate", lambda *_: pytest.fail("at work")
    )
    with pytest.raises(ValueError, match=r"evaluate.best: kid_ab is not measured here.* l1_ab"):
        train(config(root, tmp_path, every=2, best="kid_ab"))
    assert not (tmp_path / "state").exists() or not list((tmp_path / "state").iterdir())


def test_patience_is_rejected_if_images_are_too_few_for_intervals(
    root: Path, tmp_path: Path
) -> None:
    with pytest.raises(ValueError, match=r"patience compares intervals, but l1_ab has none: 3 im"):
        train(config(root, tmp_path, every=2, best="l1_ab", patience=2))


def test_a_failed_evaluation_during_training_is_reported_and_skipped(
    root: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def broken(*_: object) -> Evaluation:
        if not lines(tmp_path) if (tmp_path / "metrics.jsonl").exists() else True:
            return Script([3.0])()
        raise ValueError("0.png: the generator returns NaN")

    monkeypatch.setattr("gan.training.observers.evaluation.evaluate", broken)
    assert train(config(root, tmp_path, every=2, best="l1_ab")).status == 0
    assert "step 2: not evaluated: 0.png: the generator returns NaN" in capsys.readouterr().err


@pytest.mark.parametrize(("settings", "message"), [
    ({"best": "l1_ab"}, "evaluate.best needs evaluate.every"),
    ({"every": 2, "best": "kid_abb"}, "no metric kid_abb; did you mean kid_ab?"),
    ({"every": 2, "resamples": 10**9}, "less than or equal to 10000"),
    ({"every": 2, "patience": 2}, "evaluate.patience needs evaluate.best"),
    ({"every": 2, "best": "l1_ab", "patience": 2, "resamples": 0}, "patience compares intervals"),
])  # fmt: skip
def test_contradictions_are_named(
    settings: dict[str, Any], message: str, root: Path, tmp_path: Path
) -> None:
    with pytest.raises(ValueError, match=message):
        config(root, tmp_path, **settings)


@pytest.mark.slow
def test_two_processes_measure_together(root: Path, tmp_path: Path) -> None:
    script = (
        "import sys; from gan.config import Config; from gan.training import train;"
        "from pathlib import Path; sys.exit(train(Config.model_validate_json(sys.argv[1])).status)"
    )
    settings = config(root, tmp_path, every=2, best="l1_ab", resamples=20)
    (tmp_path / "drive.py").write_text(script)
    launcher = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node"]
    subprocess.run(
        [*launcher, "2", str(tmp_path / "drive.py"), settings.model_dump_json()],
        check=True,
        timeout=200,
        cwd=Path(__file__).parents[3],
    )
    assert [line["step"] for line in lines(tmp_path)] == [0, 2, 4, 6]
    assert (tmp_path / "gen_ab-best.safetensors").is_file()


def kids(rng: np.random.Generator, gains: tuple[float, float], count: int = 120) -> list[Metric]:
    """KID of the same images at two times, with translations this far from the reference.

    The generator's other effects on each image change from one time to the other.
    """
    reference = torch.from_numpy(rng.exponential(size=(count, 32)))
    images = torch.from_numpy(rng.exponential(size=(count, 32)))
    found = []
    for far in gains:
        changed = torch.from_numpy(rng.normal(size=(count, 32))) / 10
        estimate = kernel_estimate(images + far + changed, reference)
        low, high = interval_around(*estimate)
        deviations = tuple(estimate.deviations.tolist())
        found.append(Metric(estimate.value, low, high, deviations=deviations))
    return found


def test_patience_sees_a_gain_that_is_within_the_interval() -> None:
    """KID falls by a sixth: found in 95 % of trials, by intervals alone in hardly any."""
    rng, seen, by_interval = np.random.default_rng(0), 0, 0
    for _ in range(60):
        before, after = kids(rng, (0.30, 0.27))
        mark = Mark(1, before.value, before.low, before.high)
        seen += clearly_better(after, mark, before.deviations)
        by_interval += clearly_better(after, mark, ())
    assert seen >= 57
    assert by_interval <= 40


def test_patience_rarely_takes_chance_for_a_gain() -> None:
    """2.5 % of trials show a gain by chance; more than 7 of 100 has probability 1 in 1000."""
    rng, seen = np.random.default_rng(1), 0
    for _ in range(100):
        before, after = kids(rng, (0.30, 0.30))
        seen += clearly_better(after, Mark(1, before.value, None, None), before.deviations)
    assert seen <= 7


def test_validation_images_choose_the_best_if_there_are_any(
    root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The test images are then only measured, not used to choose."""
    data = tmp_path / "data"
    shutil.copytree(root, data)
    train(config(data, tmp_path / "test", max_steps=2, every=2, best="l1_ab"))
    printed = capsys.readouterr().err
    assert printed.count("evaluate.best chooses generators by the test images") == 1
    shutil.copytree(data / "testA", data / "valA")
    train(config(data, tmp_path / "half", max_steps=2, every=2))
    shutil.copytree(data / "testA", data / "valB")
    train(config(data, tmp_path / "val", max_steps=2, every=2, best="l1_ab"))
    assert "chooses generators by the test images" not in capsys.readouterr().err
    for name, split in (("test", "test"), ("half", "test"), ("val", "val")):
        folders = lines(tmp_path / name)[-1]["protocol"]["sources"]
        assert [folders[d]["folder"] for d in "ab"] == [str(data / f"{split}{d}") for d in "AB"]
