"""A whole run on small folders: its files, repeatability, resuming and errors."""

import random
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from gan.config import Config, TrainConfig
from gan.system.signals import Interruption
from gan.training import Run, train
from gan.training.schedule import RunLength
from tests.support.recipes import assert_resuming_is_exact
from tests.support.runs import Poison, config, generators

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """trainA with 5 images, trainB with 3, testA with 2."""
    folder = tmp_path_factory.mktemp("photos")
    rng = np.random.default_rng(0)
    for name, count in (("trainA", 5), ("trainB", 3), ("testA", 2)):
        (folder / name).mkdir()
        for i in range(count):
            pixels = rng.integers(256, size=(24, 20 + i, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(folder / name / f"{i}.png")
    return folder


def test_a_run_writes_exactly_its_files(root: Path, tmp_path: Path) -> None:
    """Two epochs of the larger folder are ten steps."""
    train(config(root, tmp_path, train={"keep_every": 1, "sample_every": 5, "log_every": 4}))
    files = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*")}
    logs = {name for name in files if name.startswith("logs/")}
    assert len(logs) == 1
    assert files - logs == {
        ".lock",
        "config.yaml",
        "doctor.jsonl",
        "index.json",
        "gen_ab.safetensors", "gen_ba.safetensors",
        "gen_ab-epoch001.safetensors", "gen_ba-epoch001.safetensors",
        "gen_ab-epoch002.safetensors", "gen_ba-epoch002.safetensors",
        "logs",
        "samples",
        "samples/step-00000005-ab.png", "samples/step-00000005-ba.png",
        "samples/step-00000010-ab.png", "samples/step-00000010-ba.png",
        "samples/step-00000005-ab-scores.png", "samples/step-00000005-ba-scores.png",
        "samples/step-00000010-ab-scores.png", "samples/step-00000010-ba-scores.png",
        "state",
        "state/step-00000010",
        "state/step-00000010/manifest.json",
        "state/step-00000010/process-0.pt",
        "state/step-00000010/shared.pt",
    }  # fmt: skip
    with Image.open(tmp_path / "samples" / "step-00000010-ab.png") as grid:
        assert grid.size == (
            4 * 16,
            2 * 16,
        )  # real, fake, reconstruction, identity; two test images


def test_tensorboard_shows_every_value(root: Path, tmp_path: Path) -> None:
    train(config(root, tmp_path, train={"log_every": 4}))
    events = EventAccumulator(str(tmp_path / "logs"))
    events.Reload()
    tags = events.Tags()
    assert set(tags["scalars"]) == {
        "loss/adversarial_ab", "loss/adversarial_ba", "loss/cycle_a", "loss/cycle_b",
        "loss/identity_a", "loss/identity_b", "loss/discriminator_a", "loss/discriminator_b",
        "score/real_a", "score/fake_a", "score/real_b", "score/fake_b",
        "doctor/gradient_norm_generators", "doctor/gradient_norm_discriminators",
        "doctor/skipped_steps", "doctor/skipped_in_row", "lr/generators",
        "time/images_per_second", "time/epoch", "time/memory_gb", "time/loader_wait",
    }  # fmt: skip
    assert set(tags["images"]) == {
        "samples/ab", "samples/ba", "samples/ab-scores", "samples/ba-scores",
    }  # fmt: skip
    assert [event.step for event in events.Scalars("loss/cycle_a")] == [4, 8, 10]
    # linear over one decay epoch: (1 - 1/2) of 2e-4 from step 6 on
    rates = [event.value for event in events.Scalars("lr/generators")]
    assert rates == pytest.approx([2e-4, 1e-4, 1e-4])


def test_equal_seeds_give_equal_generators_for_any_number_of_workers(
    root: Path, tmp_path: Path
) -> None:
    for name, workers in (("0", 0), ("again", 0), ("1", 1), ("3", 3)):
        train(config(root, tmp_path / name, data={"workers": workers}, train={"max_steps": 6}))
    expected = generators(tmp_path / "0")
    assert generators(tmp_path / "again") == expected
    assert generators(tmp_path / "1") == expected
    assert generators(tmp_path / "3") == expected
    train(config(root, tmp_path / "other", run={"seed": 1}, train={"max_steps": 6}))
    assert generators(tmp_path / "other") != expected


@pytest.mark.parametrize("workers", [0, 2])
def test_a_resumed_run_is_the_uninterrupted_one(workers: int, root: Path, tmp_path: Path) -> None:
    """From the middle of an epoch of 2.5 steps, at any step, with full pools."""

    def settings(run: Path, stop: int) -> Config:
        keys = {"ema": 0.9, "accumulate": 2, "epochs": 4, "max_steps": stop}
        networks, data = {"dropout": True}, {"workers": workers}
        return config(root, run, train=keys, networks=networks, data=data)

    stops = sorted(random.sample(range(1, 7), 2))
    print("stopped after", stops)  # shown where the test fails
    assert_resuming_is_exact(settings, tmp_path, *stops, 7)


def test_a_finished_run_is_reported(
    root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = config(root, tmp_path, train={"max_steps": 2})
    train(settings)
    assert f"{tmp_path}: step 2 of 10 done;" in capsys.readouterr().err

    def written() -> dict[Path, int]:
        files = (path for path in tmp_path.rglob("*") if path.name != ".lock")
        return {path: path.stat().st_mtime_ns for path in files}

    before = written()
    train(settings)
    printed = capsys.readouterr().err
    assert f"resuming {tmp_path} from step 2 of 10\n" in printed
    assert f"{tmp_path}: finished at step 2 of 10;" in printed
    assert written() == before


@pytest.mark.parametrize(("sections", "named"), [
    ({"optim": {"lr": 1e-3}}, "optim.lr: 0.0002 -> 0.001"),
    ({"data": {"flip": False}}, "data.flip: True -> False"),
    ({"run": {"seed": 5}}, "run.seed: 0 -> 5"),
])  # fmt: skip
def test_a_changed_key_is_named_and_rejected(
    sections: dict[str, dict[str, Any]], named: str, root: Path, tmp_path: Path
) -> None:
    train(config(root, tmp_path, train={"max_steps": 1}))
    with pytest.raises(ValueError, match="another configuration") as caught:
        train(config(root, tmp_path, train={"max_steps": 2}, **sections))
    assert named in str(caught.value)


def test_a_changed_folder_is_named_and_rejected(root: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    train(config(root, run, train={"max_steps": 1}))
    fewer = {"max_images": 2}
    with pytest.raises(ValueError, match=r"data\.max_images.*folders"):
        train(config(root, run, data=fewer, train={"max_steps": 2}))


def test_images_of_several_pages_or_frames_are_reported_once(
    tmp_path: Path, root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("trainA", "trainB"):
        shutil.copytree(root / name, tmp_path / name)
    frames = [Image.new("RGB", (24, 20), color) for color in ("red", "blue")]
    frames[0].save(tmp_path / "trainA/stack.tif", save_all=True, append_images=frames[1:])
    frames[0].save(tmp_path / "trainA/moving.gif", save_all=True, append_images=frames[1:])
    frames[0].save(tmp_path / "trainA/still.tif")
    train(config(tmp_path, tmp_path / "run", train={"max_steps": 1}))
    printed = (
        "trainA: 2 images have several pages or frames (moving.gif, stack.tif): only the first of "
    )
    assert capsys.readouterr().err.count(printed) == 1


def test_an_unreadable_file_is_named_and_skipped(
    tmp_path: Path, root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("trainA", "trainB"):
        (tmp_path / name).mkdir()
        for path in (root / name).iterdir():
            (tmp_path / name / path.name).write_bytes(path.read_bytes())
    broken = tmp_path / "trainA" / "broken.png"
    broken.write_bytes((root / "trainA" / "0.png").read_bytes()[:200])
    settings = config(tmp_path, tmp_path / "run", data={"max_unreadable": 0.2})
    run = Run(settings, Interruption())
    assert f"skipped: {broken}" in capsys.readouterr().err
    assert len(run.data.dataset) == 5
    with pytest.raises(ValueError, match=r"1 of 6 images cannot be used.*max_unreadable"):
        train(config(tmp_path, tmp_path / "run", data={"max_unreadable": 0.1}))


@pytest.mark.parametrize(("step", "expected"), [
    # batch 2 out of 5 pairs: steps 1-3 begin in epoch 0, 4-5 in epoch 1, 6 in epoch 2
    (1, 1), (3, 1), (4, 2 / 3), (5, 2 / 3), (6, 1 / 3),
])  # fmt: skip
def test_the_rate_is_that_of_the_epoch_in_which_a_step_begins(step: int, expected: float) -> None:
    length = RunLength(TrainConfig(epochs=1, decay_epochs=2, batch_size=2), pairs=5)
    assert length.last_step == 8
    assert length.lr_multiplier(step) == pytest.approx(expected)


def test_a_single_nan_is_skipped_and_reported_once(
    root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = Run(config(root, tmp_path, train={"log_every": 1}), Interruption())
    Poison(run, range(3, 4))
    assert run.fit() == 0
    printed = capsys.readouterr().err
    assert printed.count("gradients were not finite") == 1
    assert all(torch.isfinite(p).all() for net in run.frame.bare.values() for p in net.parameters())


def test_nans_in_a_row_stop_the_run_if_configured(root: Path, tmp_path: Path) -> None:
    settings = {"log_every": 1, "nonfinite": "stop", "nonfinite_limit": 3}
    run = Run(config(root, tmp_path, train=settings), Interruption())
    Poison(run, range(4, 100))
    with pytest.raises(ValueError, match=r"step 6: 3 or more steps in a row.*nonfinite is stop"):
        run.fit()


def test_nans_in_a_row_go_back_to_the_last_state_at_half_the_rate(
    root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The poison is gone the second time: the run finishes, with the lower rate."""
    settings = {"log_every": 1, "checkpoint_every": 2, "nonfinite_limit": 3}
    run = Run(config(root, tmp_path, train=settings), Interruption())
    Poison(run, range(5, 8))
    healed = run.go_back

    def go_back() -> None:
        healed()
        del run.trainer.train_step
        assert run.step == 6  # the newest state: skipped steps did not change it

    run.go_back = go_back  # type: ignore[method-assign]
    assert run.fit() == 0
    printed = capsys.readouterr().err
    assert printed.count("back to step 6 with 0.5 times the learning rate") == 1
    assert run.trainer.frame.updates.lr == pytest.approx(0.5e-4)  # decayed, too


def test_nans_that_persist_at_lower_rates_end_the_run(root: Path, tmp_path: Path) -> None:
    settings = {"log_every": 1, "checkpoint_every": 1, "nonfinite_limit": 1}
    run = Run(config(root, tmp_path, train=settings), Interruption())
    Poison(run, range(4, 100))
    with pytest.raises(ValueError, match="lower rates did not help"):
        run.fit()


def test_a_run_that_fails_ends_although_its_workers_ignore_signals(
    root: Path, tmp_path: Path
) -> None:
    """In a separate process: its exit could hang."""
    code = (
        "import sys; from pathlib import Path; from gan.training import train\n"
        "import gan.training.recipes.cyclegan\n"
        "from gan.config import Config\n"
        "def fail(*_): raise RuntimeError('on purpose')\n"
        "gan.training.recipes.cyclegan.Trainer.train_step = fail\n"
        "train(Config.model_validate_json(Path(sys.argv[1]).read_text()))\n"
    )
    settings = config(root, tmp_path / "run", data={"workers": 2})
    (tmp_path / "config.json").write_text(settings.model_dump_json())
    arguments = [sys.executable, "-c", code, str(tmp_path / "config.json")]
    done = subprocess.run(arguments, capture_output=True, text=True, timeout=60, cwd=ROOT)
    assert done.returncode == 1
    assert "on purpose" in done.stderr


def test_states_after_a_step_gone_back_to_are_deleted(root: Path, tmp_path: Path) -> None:
    every = {"checkpoint_every": 4}
    train(config(root, tmp_path, train=every | {"max_steps": 8}))
    (tmp_path / "state" / "step-00000008" / "shared.pt").write_bytes(b"damaged")
    train(config(root, tmp_path, train={"checkpoint_every": 1, "max_steps": 6}))
    kept = sorted(path.name for path in (tmp_path / "state").iterdir())
    assert kept == ["step-00000005", "step-00000006"]


def test_a_run_with_only_damaged_states_does_not_start_again(root: Path, tmp_path: Path) -> None:
    train(config(root, tmp_path, train={"max_steps": 2}))
    (tmp_path / "state" / "step-00000002" / "shared.pt").write_bytes(b"damaged")
    before = generators(tmp_path)
    with pytest.raises(ValueError, match="every training state is damaged"):
        train(config(root, tmp_path, train={"max_steps": 4}))
    assert generators(tmp_path) == before


def test_a_finished_run_exports_missing_generators_and_removes_old_marks(
    root: Path, tmp_path: Path
) -> None:
    settings = config(root, tmp_path, train={"max_steps": 2})
    train(settings)
    before = generators(tmp_path)
    (tmp_path / "gen_ab.safetensors").unlink()
    (tmp_path / "stopped").touch()
    train(settings)
    assert generators(tmp_path) == before
    assert not (tmp_path / "stopped").exists()


@pytest.mark.parametrize("sections", [
    {"train": {"ema": 0.9}}, {"data": {"crop_size": 12 + 8, "load_size": 24}}, {"optim": {"lr": 1}},
], ids=str)  # fmt: skip
def test_allowed_changes_are_resumed(
    sections: dict[str, dict[str, Any]], root: Path, tmp_path: Path
) -> None:
    train(config(root, tmp_path, train={"max_steps": 2}))
    more = {"train": sections.get("train", {}) | {"max_steps": 4}, "run": {"allow_changes": True}}
    assert train(config(root, tmp_path, **(sections | more))).status == 0


def test_other_networks_are_never_allowed(root: Path, tmp_path: Path) -> None:
    train(config(root, tmp_path, train={"max_steps": 1}))
    changed = config(
        root, tmp_path, train={"max_steps": 2}, run={"allow_changes": True},
        networks={"generator_channels": 3},
    )  # fmt: skip
    with pytest.raises(ValueError, match=r"networks\.generator_channels: 2 -> 3"):
        train(changed)
