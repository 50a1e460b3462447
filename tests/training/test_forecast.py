"""A plan agrees with the run, and leaves no files behind."""

import signal
import tempfile
from pathlib import Path
from typing import Any

import pytest
import torch

from gan.cli.main import run as command
from gan.config import Config
from gan.system.signals import STOPPED, Interruption
from gan.training import forecast as planning
from gan.training import train
from gan.training.forecast import Forecast
from gan.training.recipes.cyclegan import Trainer
from gan.training.schedule import RunLength
from tests.support.pictures import Photos
from tests.support.runs import pixel_config


@pytest.fixture
def root(photos: Photos) -> Path:
    photos("data/trainA")
    return photos("data/trainB").parent


@pytest.fixture(autouse=True)
def few_steps(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(planning, "SECONDS", 0.0)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))


def test_a_plan_forecasts_steps_and_disk_of_the_run(
    root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wanted = pixel_config(root, tmp_path / "run", max_steps=20, pool_size=17)
    train(pixel_config(root, tmp_path / "run", max_steps=2, pool_size=17))
    (tmp_path / "probe").mkdir()
    forecast, _ = planning.measure(wanted, tmp_path / "probe", Interruption())
    assert (forecast.done, forecast.length.stop, forecast.length.pairs_per_step) == (2, 20, 1)
    assert forecast.measured == planning.STEPS
    assert train(wanted).status == 0
    newest = max((tmp_path / "run" / "state").glob("step-*"))
    actual = sum(file.stat().st_size for file in newest.iterdir())
    # Pools of the plan's 13 steps lack 24 kB here; the doctor's state, which the plan excludes,
    # has 6 kB.
    assert forecast.state == pytest.approx(actual, abs=10_000)
    files = (tmp_path / "run").glob("gen_??.safetensors")
    assert forecast.generators == pytest.approx(sum(file.stat().st_size for file in files), abs=50)


def test_planning_writes_no_files_and_prints_five_lines(
    root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = sorted(tmp_path.rglob("*"))
    arguments = ["--plan", "--data.root", str(root), "--run.dir", str(tmp_path / "run")]
    small = pixel_config(root, tmp_path / "run").model_dump(mode="json")
    for section in ("data", "networks", "train"):
        for key, value in small[section].items():
            if value is not None and not isinstance(value, dict | list) and key != "root":
                arguments.append(f"--{section}.{key}={value}")
    assert command("train", [*arguments, "--run.device", "cpu"]) == 0
    printed = capsys.readouterr()
    lines = printed.out.splitlines()
    assert [line.split()[0] for line in lines[1:]] == ["steps", "time", "memory", "disk"]
    assert lines[0].startswith(f"{tmp_path / 'run'} on cpu")
    assert printed.err == ""
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize(
    ("compiled", "eager", "answer"),
    [
        (
            (0.2, 61.0),
            (0.3, 1.0),
            "0.2 s a step with train.compile, 0.3 s without: compiling pays off after 600 of",
        ),
        ((0.299, 61.0), (0.3, 1.0), "compiling pays off only after 60000 steps and 800 remain"),
        ((0.4, 61.0), (0.3, 1.0), "no gain, set it to false"),
    ],
)
def test_a_plan_says_whether_compiling_pays(
    root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch,
    compiled: tuple[float, float], eager: tuple[float, float], answer: str,
) -> None:  # fmt: skip
    wanted = pixel_config(root, tmp_path / "run", max_steps=1000, compile=True)
    folders = []

    def measure(config: Config, folder: Path, *_: object, resumed: bool = True) -> object:
        folders.append((config.train.compile, resumed, folder))
        seconds, first = compiled if config.train.compile else eager
        length = RunLength(config.train, 4, 1)
        return Forecast(0, length, seconds, 10, 1, 1, 1, 1, first), "cpu"

    monkeypatch.setattr(planning, "measure", measure)
    assert planning.plan(wanted) == 0
    assert answer in capsys.readouterr().out.splitlines()[-1]
    assert [entry[:2] for entry in folders] == [(True, True), (False, False)]
    assert folders[0][2] != folders[1][2]


def test_a_plan_measures_a_run_without_compiling_beside_it(
    root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    compiled: list[object] = []
    monkeypatch.setattr("gan.training.run.compile_networks", lambda *given: compiled.append(given))
    assert planning.plan(pixel_config(root, tmp_path / "run", max_steps=9, compile=True)) == 0
    assert len(compiled) == 1
    assert (
        capsys.readouterr()
        .out.splitlines()[-1]
        .partition(" ")[2]
        .startswith("s a step with train.compile")
    )
    assert not (tmp_path / "run").exists()


def test_a_plan_counts_full_pools(root: Path, tmp_path: Path) -> None:
    """However few images the plan's own steps have stored: two pools of 3x16x16 floats."""
    states = {}
    for size in (5, 50):
        (tmp_path / f"probe-{size}").mkdir()
        wanted = pixel_config(root, tmp_path / "run", max_steps=100, pool_size=size)
        forecast, _ = planning.measure(wanted, tmp_path / f"probe-{size}", Interruption())
        states[size] = forecast.state
    assert states[50] - states[5] == pytest.approx(2 * 45 * 3 * 16 * 16 * 4, rel=0.01)


def test_a_plan_rejects_what_resuming_would_reject(root: Path, tmp_path: Path) -> None:
    train(pixel_config(root, tmp_path / "run", max_steps=2))
    with pytest.raises(ValueError, match=r"train\.batch_size"):
        planning.plan(pixel_config(root, tmp_path / "run", batch_size=2))
    assert list(tmp_path.glob("gan-plan-*")) == []


def test_an_unwritable_run_is_rejected(root: Path) -> None:
    with pytest.raises(OSError, match=r"/proc/foo/run/config\.yaml: cannot be written"):
        planning.plan(pixel_config(root, Path("/proc/foo/run")))


def test_a_signal_ends_a_plan_and_leaves_no_files(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    step = Trainer.train_step

    def signalled(*values: Any) -> Any:
        signal.raise_signal(signal.SIGTERM)
        return step(*values)

    monkeypatch.setattr(Trainer, "train_step", signalled)
    assert planning.plan(pixel_config(root, tmp_path / "run")) == STOPPED
    assert capsys.readouterr().out == ""
    assert list(tmp_path.glob("gan-plan-*")) == []


def test_a_run_that_does_not_fit_into_memory_is_rejected_with_advice(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def step(*_: Any) -> Any:
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 TiB")

    monkeypatch.setattr("gan.training.recipes.cyclegan.Trainer.train_step", step)
    with pytest.raises(ValueError, match=r"not fit into the memory of cpu: try train\.rec"):
        planning.plan(pixel_config(root, tmp_path / "run"))
