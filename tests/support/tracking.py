"""Trackers that record what they receive, and what the stores of real ones hold."""

import json
import math
import sqlite3
import subprocess
import sys
from collections.abc import Collection, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from accelerate.tracking import GeneralTracker
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

Curves = dict[str, list[tuple[int, float]]]
"""Steps and values by tag, in the order in which they were stored."""
PACE = {"time/images_per_second", "time/loader_wait", "time/memory_gb"}
"""Tags whose values differ from run to run."""


class Recorder(GeneralTracker):  # type: ignore[misc]
    """Keeps everything in lists of the class; fails as often as `failures` says."""

    name = "recorder"
    requires_logging_directory = False
    sessions: ClassVar[list["Recorder"]] = []
    failures: ClassVar[int] = 0

    def __init__(self, project: str) -> None:
        super().__init__()
        self.project = project
        self.config: dict[str, Any] = {}
        self.logged: list[tuple[int | None, dict[str, Any]]] = []
        self.images: list[tuple[int | None, dict[str, Any]]] = []
        self.finished = False

    @property
    def tracker(self) -> "Recorder":
        return self

    def start(self) -> None:
        type(self).sessions.append(self)

    def store_init_configuration(self, values: dict[str, Any]) -> None:
        self.config = values

    def log(self, values: dict[str, Any], step: int | None = None, **kwargs: Any) -> None:
        if type(self).failures:
            type(self).failures -= 1
            raise ConnectionError("the server is away\nand a second line")
        self.logged.append((step, values))

    def log_images(self, values: dict[str, Any], step: int | None = None, **kwargs: Any) -> None:
        self.images.append((step, values))

    def finish(self) -> None:
        self.finished = True

    def curves(self) -> Curves:
        found: Curves = {}
        for step, values in self.logged:
            for tag, value in values.items():
                if isinstance(value, float) and step is not None:
                    found.setdefault(tag, []).append((step, value))
        return found


def tensorboard(run: Path) -> Curves:
    """Read TensorBoard's logs of a run with its own loader."""
    events = EventAccumulator(str(run / "logs"), size_guidance={"scalars": 0})
    events.Reload()
    return {
        tag: [(event.step, event.value) for event in events.Scalars(tag)]
        for tag in events.Tags()["scalars"]
    }


def evaluations(run: Path) -> Curves:
    """Read the values in a run's metrics.jsonl, under their tags."""
    found: Curves = {}
    for line in (run / "metrics.jsonl").read_text().splitlines():
        record = json.loads(line)
        for name, metric in record["metrics"].items():
            found.setdefault(f"score/{name}", []).append((record["step"], metric["value"]))
    return found


def wandb_records(run: Path) -> Iterator[dict[str, Any]]:
    """Yield the records of W&B's local files, in order of their sessions, by W&B's own reader."""
    program = Path(sys.executable).parent / "wandb"
    for file in sorted((run / "trackers" / "wandb").glob("*run-*/*.wandb")):
        done = subprocess.run(
            [program, "leet", "inspect", "--json", file], capture_output=True, text=True, timeout=60
        )
        yield from map(json.loads, done.stdout.splitlines())


def wandb_curves(run: Path) -> Curves:
    """Read the scalars in W&B's local files."""
    found: Curves = {}
    for record in wandb_records(run):
        if record["type"] == "history":
            items = record["history"]["item"]
            for tag, value in items.items():
                own = tag.startswith(("_", "samples/"))  # its step and time; an image's size
                if not own and (number := _number(value)) is not None:
                    found.setdefault(tag, []).append((items["_step"], number))
    return found


def mlflow_curves(uri: str, run_id: str) -> Curves:
    """Read the metrics of a run with MLflow's client."""
    import mlflow

    client = mlflow.MlflowClient(uri)
    return {
        tag: [
            (point.step, math.inf if point.value == sys.float_info.max else point.value)
            for point in client.get_metric_history(run_id, tag)
        ]
        for tag in client.get_run(run_id).data.metrics
    }


def trackio_curves(database: Path, name: str) -> Curves:
    """Read the metrics of a run from trackio's database."""
    found: Curves = {}
    query = "select step, metrics from metrics where run_name = ? order by id"
    with closing(sqlite3.connect(database)) as opened:
        rows = opened.execute(query, (name,)).fetchall()
    for step, text in rows:
        for tag, value in json.loads(text).items():
            if (number := _number(value)) is not None:
                found.setdefault(tag, []).append((step, number))
    return found


def _number(value: object) -> float | None:
    """Return a value of JSON as a number, None if it is a text: NaN and infinity have names."""
    if value in ("NaN", "Infinity", "-Infinity"):
        return float(str(value))
    return float(value) if isinstance(value, int | float) else None


def same(ours: Curves, theirs: Curves, *, without: Collection[str] = ()) -> None:
    """Check that tags, steps and values agree; TensorBoard rounds its values to float32."""
    assert ours.keys() - {*without} == theirs.keys() - {*without}
    for tag in ours.keys() - {*without}:
        assert [step for step, _ in ours[tag]] == [step for step, _ in theirs[tag]], tag
        mine, other = ([value for _, value in curves[tag]] for curves in (ours, theirs))
        rounded = np.array(mine, np.float32), np.array(other, np.float32)
        np.testing.assert_array_equal(*rounded, err_msg=tag)
