"""examples/optuna_sweep.py: two processes, one killed and started again, one result per trial."""

import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest
import yaml

from gan.report import ReportOptions, report
from tests.support.launching import ROOT, environment, write_images

pytestmark = [pytest.mark.engines, pytest.mark.timeout(900)]  # a busy machine takes minutes
TRIALS = 12


@pytest.fixture
def words(tmp_path: Path) -> list[str]:
    """The command of a sweep over a recipe of 30 steps."""
    pytest.importorskip("optuna")
    root = write_images(tmp_path / "data")
    for name in ("A", "B"):
        (root / f"test{name}").symlink_to(root / f"train{name}")
    recipe = {
        "data": {"root": str(root), "load_size": 18, "crop_size": 16, "workers": 0},
        "networks": {
            "generator": "resnet_6blocks", "generator_channels": 2,
            "discriminator": "pixel", "discriminator_channels": 2,
        },
        "train": {"max_steps": 30, "checkpoint_every": 5, "log_every": 10, "doctor_every": 0},
        "evaluate": {"every": 10, "best": "l1_ab", "resamples": 0, "max_images": 2},
        "run": {"device": "cpu", "threads": 1},
    }  # fmt: skip
    (tmp_path / "recipe.yaml").write_text(yaml.safe_dump(recipe))
    script = ROOT / "examples" / "optuna_sweep.py"
    options = [tmp_path / "sweep", tmp_path / "recipe.yaml", f"--trials={TRIALS}", "--grace=12"]
    return [sys.executable, str(script), *map(str, options)]


def test_two_processes_one_killed_and_started_again_give_each_trial_one_result(
    words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "sweep"

    def start(number: int) -> subprocess.Popen[bytes]:
        variables = environment() | {"PYTHONPATH": str(ROOT)}
        with (tmp_path / f"{number}.log").open("wb") as log:
            return subprocess.Popen(words, stdout=log, stderr=log, env=variables, cwd=tmp_path)

    killed = start(0)
    while not list(folder.glob("run-*/state/step-*")):  # in the middle of a run
        assert killed.poll() is None, (tmp_path / "0.log").read_text()
        time.sleep(0.05)
    helper = start(1)
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    again = start(2)
    for number, process in ((1, helper), (2, again)):
        assert process.wait(600) == 0, (tmp_path / f"{number}.log").read_text()
        assert "best: " in (tmp_path / f"{number}.log").read_text()

    with closing(sqlite3.connect(folder / "sweep.db")) as database:
        found = database.execute(
            "select value_json, state, trials.trial_id from trials join trial_user_attributes "
            "on trials.trial_id = trial_user_attributes.trial_id where key = 'slot'"
        ).fetchall()
        params = database.execute("select trial_id, param_name, param_value from trial_params")
        drawn = params.fetchall()
    done = [int(slot) for slot, state, _ in found if state in ("COMPLETE", "PRUNED")]
    assert sorted(done) == [*range(TRIALS)]
    failed = [int(slot) for slot, state, _ in found if state == "FAIL"]
    assert len(failed) == 1  # the killed one, which another trial has replaced
    assert len(found) == TRIALS + 1
    same = [
        {(name, value) for number, name, value in drawn if number == trial}
        for slot, _, trial in found
        if int(slot) in failed
    ]
    assert len(same) == 2
    assert same[0] == same[1]
    log = "".join((tmp_path / f"{number}.log").read_text() for number in (1, 2))
    assert f"resuming {folder / f'run-{failed[0]:03d}'} from step" in log
    assert len([*folder.glob("run-*/gen_ab.safetensors")]) == TRIALS

    # A started sweep without trials left ends at once; the runs are compared on one page.
    assert start(3).wait(100) == 0
    runs = sorted(folder.glob("run-*"))[:2]
    capsys.readouterr()
    assert report(ReportOptions(model=runs, output=tmp_path / "both.html")) == 0
    printed = capsys.readouterr()
    assert "damaged" not in printed.out + printed.err
    page = (tmp_path / "both.html").read_text()
    assert all(run.name in page for run in runs)
    assert "loss.identity" in page
