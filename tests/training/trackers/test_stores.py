"""Real stores hold what a run has logged, once: also of killed runs, and of dead servers."""

import json
import os
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from tests.support.launching import ROOT, command, environment, write_images
from tests.support.tracking import (
    PACE,
    Curves,
    evaluations,
    mlflow_curves,
    same,
    tensorboard,
    trackio_curves,
    wandb_curves,
    wandb_records,
)

pytestmark = [
    pytest.mark.engines,
    pytest.mark.timeout(900),  # a busy machine takes minutes
    pytest.mark.filterwarnings("ignore"),  # of packages that read the stores
]

KEYS = {
    "train__log_every": 1, "train__sample_every": 4, "train__checkpoint_every": 4,
    "train__doctor_every": 4, "evaluate__every": 4, "evaluate__resamples": 0,
    # Flat translations, which the doctor finds to be equal.
    "networks__init_gain": 1e-6,
}  # fmt: skip
KILLER = '''
"""Kills this process, or another group of processes, at a step."""

import os
import signal

import gan
from gan.training.observers.base import Observer


class Killer(Observer):
    def __init__(self, context):
        pass

    def observe(self, step, tracker):
        if step == int(os.environ.get("KILL_AT", 0)):
            group = os.environ.get("KILL_GROUP")
            os.killpg(int(group), signal.SIGKILL) if group else os.kill(os.getpid(), signal.SIGKILL)


gan.register_observer("killer", Killer)
'''


class Desk:
    """A folder with a dataset, in which runs are started, and their stores are local."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.root = write_images(folder / "data")
        for name in ("A", "B"):
            (self.root / f"test{name}").symlink_to(self.root / f"train{name}")
        (folder / "killer.py").write_text(KILLER)
        self.stores = folder / "trackio"

    def train(
        self, name: str, trackers: str, steps: int, more: Mapping[str, str], status: int = 0
    ) -> str:
        """Train up to a step in a separate process; return what it printed."""
        words = command(
            self.root, self.folder / name, **KEYS, train__max_steps=steps,
            run__trackers=trackers, train__observers="[killer]", extend="killer.py",
        )  # fmt: skip
        own = {"HOME": str(self.folder), "TRACKIO_DIR": str(self.stores), "PYTHONPATH": str(ROOT)}
        unset = {"WANDB_MODE", "WANDB_API_KEY", "MLFLOW_TRACKING_URI"}
        kept = {key: value for key, value in environment().items() if key not in unset}
        done = subprocess.run(
            words, cwd=self.folder, env={**kept, **own, **more}, capture_output=True, text=True,
            timeout=280,
        )  # fmt: skip
        assert done.returncode == status, done.stderr
        return done.stderr

    def kept(self, name: str, tracker: str) -> dict[str, str]:
        """Return what identifies a run in a store."""
        text = (self.folder / name / "trackers" / f"{tracker}.json").read_text()
        facts: dict[str, str] = json.loads(text)
        return facts

    def stored(self, name: str) -> dict[str, Curves]:
        """Read a run back from each store."""
        mlflow = self.kept(name, "mlflow")
        return {
            "wandb": wandb_curves(self.folder / name),
            "mlflow": mlflow_curves(mlflow["uri"], mlflow["run_id"]),
            "trackio": trackio_curves(self.stores / "gan.db", self.kept(name, "trackio")["name"]),
        }


ALL = "[tensorboard, wandb, mlflow, trackio]"


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """A run of twelve steps in all stores."""
    for package in ("wandb", "mlflow", "trackio", "sqlalchemy"):
        pytest.importorskip(package)
    desk = Desk(tmp_path_factory.mktemp("desk"))
    desk.train("straight", ALL, 12, {})
    return desk


def test_stores_hold_the_numbers_of_tensorboard_and_of_metrics_jsonl(desk: Desk) -> None:
    shown, measured = tensorboard(desk.folder / "straight"), evaluations(desk.folder / "straight")
    assert [step for step, _ in shown["loss/cycle_a"]] == [*range(1, 13)]
    assert [step for step, _ in measured["score/l1_ab"]] == [0, 4, 8, 12]
    for name, curves in desk.stored("straight").items():
        print(name)  # shown where the test fails
        same(curves, shown)
        # float64, as it is in metrics.jsonl
        assert {tag: curves[tag] for tag in measured} == measured


def test_stores_hold_configuration_findings_samples_and_generators(desk: Desk) -> None:
    import mlflow
    import trackio

    run = desk.folder / "straight"
    findings = [json.loads(line)["advice"] for line in (run / "doctor.jsonl").open()]
    assert findings
    generators = {path.stem: path.read_bytes() for path in run.glob("gen_??.safetensors")}

    records = [*wandb_records(run)]
    found = [record for record in records if record["type"] == "history"]
    texts = "".join(str(each["history"]["item"].get("doctor/findings", "")) for each in found)
    assert all(advice in texts for advice in findings)
    config = {
        key: value
        for record in records
        if record["type"] == "config"
        for key, value in record["config"]["update"].items()
    }
    assert config["train.max_steps"] == 12
    kinds = [record["type"] for record in records]
    assert kinds.count("artifact") == 2
    # Three steps of both directions, each with the discriminator's scores.
    assert len([*run.glob("trackers/wandb/offline-run-*/files/media/images/samples/*.png")]) == 12

    kept = desk.kept("straight", "mlflow")
    client = mlflow.MlflowClient(kept["uri"])
    stored = client.get_run(kept["run_id"])
    assert stored.data.params["train.max_steps"] == "12"
    assert stored.info.status == "FINISHED"
    folder = Path(stored.info.artifact_uri)
    assert {
        path.stem: path.read_bytes() for path in (folder / "generators").iterdir()
    } == generators
    texts = "".join(path.read_text() for path in (folder / "doctor" / "findings").iterdir())
    assert all(advice in texts for advice in findings)
    assert len([*(folder / "images").glob("*.png")]) == 12

    name = desk.kept("straight", "trackio")["name"]
    media = [*(desk.stores / "media" / "gan" / name).rglob("*.png")]
    samples = [path.read_bytes() for path in (run / "samples").iterdir()]
    assert len(media) == len(samples) == 12
    blobs = (desk.stores / "artifacts" / "gan" / "blobs").rglob("*")
    assert {*generators.values()} <= {path.read_bytes() for path in blobs if path.is_file()}
    assert trackio.__version__


def test_a_killed_and_resumed_run_is_one_history_in_each_store(desk: Desk) -> None:
    import mlflow

    desk.train("killed", ALL, 11, {"KILL_AT": "7"}, -signal.SIGKILL)
    before = [desk.kept("killed", name) for name in ("wandb", "mlflow", "trackio")]
    desk.train("killed", ALL, 12, {})
    assert before == [desk.kept("killed", name) for name in ("wandb", "mlflow", "trackio")]
    expected = tensorboard(desk.folder / "straight")
    same(tensorboard(desk.folder / "killed"), expected, without=PACE)
    for name, curves in desk.stored("killed").items():
        print(name)
        same(curves, expected, without=PACE)
        assert [step for step, _ in curves["time/loader_wait"]] == [*range(1, 13)]
    ids = {each["run"]["run_id"] for each in wandb_records(desk.folder / "killed") if "run" in each}
    assert ids == {before[0]["id"]}
    # MLflow's parameters cannot change.
    data = mlflow.MlflowClient(before[1]["uri"]).get_run(before[1]["run_id"]).data
    assert data.params["train.max_steps"] == "11"
    changed = {key: value for key, value in data.tags.items() if key.startswith("changed.")}
    assert changed == {"changed.train.max_steps": "12"}


@contextmanager
def mlflow_server(folder: Path, port: int) -> Iterator[int]:
    """Run MLflow's server on a database in `folder`; yield its group of processes."""
    words = [
        "--backend-store-uri", f"sqlite:///{folder / 'server.db'}", "--port", str(port),
        "--artifacts-destination", str(folder / "files"), "--workers", "1",
    ]  # fmt: skip
    with (folder / "server.log").open("ab") as log:
        server = subprocess.Popen(
            [Path(sys.executable).parent / "mlflow", "server", *words],
            stdout=log, stderr=log, start_new_session=True, cwd=folder,
            # Otherwise it starts ten more processes.
            env=os.environ | {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"},
        )  # fmt: skip
        try:
            for _ in range(600):
                with suppress(OSError):
                    urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=5).close()
                    break
                with suppress(subprocess.TimeoutExpired):
                    server.wait(0.2)
                assert server.returncode is None, (folder / "server.log").read_text()
            yield server.pid
        finally:
            with suppress(ProcessLookupError):  # the run has killed it
                os.killpg(server.pid, signal.SIGKILL)
            server.wait()


def test_a_run_outlives_its_server_whose_successor_gets_what_was_missed(desk: Desk) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    variables = {
        "MLFLOW_TRACKING_URI": f"http://127.0.0.1:{port}",
        "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0",
        "MLFLOW_HTTP_REQUEST_TIMEOUT": "10",
    }
    trackers = "[tensorboard, mlflow]"
    with mlflow_server(desk.folder, port) as group:
        kill = {"KILL_AT": "6", "KILL_GROUP": str(group)}
        printed = desk.train("alone", trackers, 12, variables | kill)
    assert printed.count("mlflow (run.trackers) failed, the training continues") == 1
    assert (desk.folder / "alone" / "gen_ab.safetensors").is_file()
    assert "uri" not in desk.kept("alone", "mlflow")
    with mlflow_server(desk.folder, port):
        assert "failed" not in desk.train("alone", trackers, 13, variables)
        run_id = desk.kept("alone", "mlflow")["run_id"]
        same(
            mlflow_curves(variables["MLFLOW_TRACKING_URI"], run_id),
            tensorboard(desk.folder / "alone"),
        )
