"""The length of a run within a budget."""

import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from experiments.compare import training
from experiments.compare.training import Budget, Candidate, length, train_within
from gan.config import Config
from gan.training.schedule import RunLength
from tests.support.runs import HOLD


@given(
    steps=st.integers(1, 5000),
    pairs=st.integers(1, 400),
    epochs=st.integers(1, 200),
    decay=st.integers(0, 200),
    batch=st.integers(1, 8),
)
def test_a_run_has_the_steps_of_its_budget_and_the_recipes_proportions(
    steps: int, pairs: int, epochs: int, decay: int, batch: int
) -> None:
    train = {"epochs": epochs, "decay_epochs": decay, "batch_size": batch}
    config = Config.model_validate({"train": train})
    keys = dict(word.removeprefix("--").split("=") for word in length(config, steps, pairs))
    own = {key.removeprefix("train."): int(value) for key, value in keys.items()}
    made = Config.model_validate({"train": train | own}).train
    run = RunLength(made, pairs)
    assert run.stop == steps
    assert run.last_step - steps < -(-pairs // batch) + 1  # it ends in the last epoch
    share = decay / (epochs + decay)
    assert abs(made.decay_epochs - share * (made.epochs + made.decay_epochs)) <= 1


def test_a_candidate_is_a_file_with_changed_keys() -> None:
    candidate = Candidate("configs/small.yaml,loss.style=0,loss.tv=0", ["data.root=photos"])
    assert candidate.name == "small,loss.style=0,loss.tv=0"
    assert candidate.words == [
        "--config", "configs/small.yaml", "--data.root=photos", "--loss.style=0", "--loss.tv=0",
    ]  # fmt: skip


class Machine:
    """A machine with other work: each call of `train` takes the next seconds per step."""

    START = 3.0

    def __init__(self, *seconds_a_step: float) -> None:
        self.seconds_a_step = iter(seconds_a_step)
        self.done = 0
        self.ends: list[int] = []

    def train(self, words: Sequence[str], log: Path, clock: str) -> float:
        keys = dict(word.removeprefix("--").split("=") for word in words if "=" in word)
        end = int(keys["train.max_steps"])
        if "pilot" in keys["run.dir"]:
            return self.START + end * next(self.seconds_a_step)
        self.ends.append(end)
        seconds = self.START + (end - self.done) * next(self.seconds_a_step)
        self.done = end
        return seconds


def test_a_budget_of_time_is_kept_though_the_short_trainings_were_disturbed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine = Machine(0.1, 0.4, 0.2, 0.2, 0.2)  # the second of the short ones was
    monkeypatch.setattr(training, "train", machine.train)
    steps, seconds = train_within((), Config(), 100, tmp_path, Budget(20, 0, "processor"))
    assert steps == machine.done
    assert abs(seconds - 1200) < 12
    assert len(machine.ends) == 3
    assert machine.ends[1] < 0.4 * steps, "the learning rate is constant until then"


def test_finished_parts_of_a_budget_are_not_repeated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor begun again for a few steps, since a tenth of the longer training comes later."""
    machine = Machine(0.3, 0.3, 0.2)
    monkeypatch.setattr(training, "train", machine.train)
    with pytest.raises((StopIteration, RuntimeError)):  # after a tenth
        train_within((), Config(), 100, tmp_path, Budget(20, 0, "processor"))
    machine.seconds_a_step = iter((0.2, 0.2))
    machine.ends.clear()
    steps, seconds = train_within((), Config(), 100, tmp_path, Budget(20, 0, "processor"))
    assert len(machine.ends) == 2
    assert steps == machine.done
    assert abs(seconds - 1200) < 12


@pytest.mark.parametrize("part", [0.2, 0.9, 1.0])
def test_time_of_a_stopped_part_counts_and_does_not_change_what_a_step_costs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, part: float
) -> None:
    """The first part was stopped after a fifth of it, near its end, or after its last save."""
    machine = Machine(*[0.2] * 5)
    first = round(0.1 * (1200 - machine.START) / 0.2)
    machine.done = round(part * first)
    (tmp_path / f"run/state/step-{machine.done:08d}").mkdir(parents=True)
    (tmp_path / f"run/state/step-{machine.done:08d}/manifest.json").touch()
    monkeypatch.setattr(training, "train", machine.train)
    steps, seconds = train_within((), Config(), 100, tmp_path, Budget(20, 0, "processor"))
    assert machine.ends[0] == pytest.approx(first, abs=1)
    assert abs(steps * 0.2 - 1200) < 12
    assert abs(seconds - 1200) < 12


def test_a_budget_of_steps_is_one_training(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    machine = Machine(0.5)
    monkeypatch.setattr(training, "train", machine.train)
    assert train_within((), Config(), 100, tmp_path, Budget(0, 50, "processor")) == (50, 28.0)
    assert machine.ends == [50]


def test_a_training_of_a_killed_call_that_still_runs_is_not_continued(tmp_path: Path) -> None:
    """Its steps would be counted as steps of this call."""
    command = [sys.executable, "-c", HOLD, str(tmp_path / "run")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(ValueError, match="another process trains into it"):
            train_within((), Config(), 100, tmp_path, Budget(0, 50, "processor"))
        holder.kill()


def test_a_stopped_command_stops_its_trainings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "train.py").write_text("import time\nprint('begun', flush=True)\ntime.sleep(600)\n")
    monkeypatch.setattr(training, "ROOT", tmp_path)
    log = tmp_path / "log"
    with ThreadPoolExecutor() as pool:
        running = pool.submit(training.train, (), log, "processor")
        while not log.exists() or "begun" not in log.read_text():
            time.sleep(0.01)
        training.stop_trainings()
        with pytest.raises(ValueError, match="training ended with status -15: begun"):
            running.result(timeout=30)
    assert not training.RUNNING
