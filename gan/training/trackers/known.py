"""Extend accelerate's trackers for W&B, MLflow and trackio, and continue a run in each."""

import os
import re
import struct
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

from gan.training.trackers.history import FOLDER, Entry
from gan.training.trackers.store import Store


class WandbStore(Store):
    """Keeps one run id. Values and images of a step are one entry of W&B's history.

    W&B ignores steps older than its newest one. So steps that are logged again, after resuming or a
    rollback, keep their first values.
    """

    def arguments(self) -> dict[str, Any]:
        """Return the run's id, and offline mode if neither WANDB_MODE nor a login is set."""
        import wandb

        folder = self.place.folder / FOLDER
        run_id = self.place.kept(self.name).get("id") or uuid4().hex[:12]
        self.place.keep(self.name, id=run_id)
        known = os.environ.get("WANDB_MODE") or wandb.login(prompt=False, verify=False)
        return {
            "id": run_id,
            "resume": "allow",
            "name": self.place.name,
            "dir": str(folder),
            "mode": None if known else "offline",
            # The terminal belongs to the run's own bar.
            "settings": wandb.Settings(console="off", quiet=True),
        }

    def newest(self) -> int:
        """Return the newest step on the server or, offline, in the run's local files."""
        if self.tried >= 0:
            return self.tried
        run: Any = self.tracker.tracker
        if not run.offline:
            return int(run.starting_step) - 1
        files = (self.place.folder / FOLDER).glob(f"wandb/*run-*-{run.id}/*.wandb")
        return max((step for file in files for step in history_steps(file)), default=-1)

    def log(self, entry: Entry) -> None:
        """Write an entry."""
        import wandb

        images = {name: wandb.Image(self.image(path)) for name, path in entry.images.items()}
        self.tracker.log(entry.scalars | entry.texts | images, step=entry.step)

    def files(self, paths: Iterable[Path]) -> None:
        """Store each file as an artifact."""
        _log_artifacts(self, paths)


class MLflowStore(Store):
    """Keeps one run id, and the local database's path if no variable names a server."""

    def start(self) -> None:
        """Connect to the store in which the run began."""
        import mlflow

        kept = self.place.kept(self.name)
        if kept.get("uri") and "MLFLOW_TRACKING_URI" not in os.environ:
            mlflow.set_tracking_uri(kept["uri"])
        super().start()
        facts, uri = {"run_id": self.run_id}, mlflow.get_tracking_uri()
        # Other addresses may hold a password.
        local = {"uri": uri} if uri.startswith("sqlite:///") else {}
        self.place.keep(self.name, **facts, **local)

    def arguments(self) -> dict[str, Any]:
        """Return the run's id, or a name for a new run."""
        kept = self.place.kept(self.name).get("run_id")
        return {"run_id": kept} if kept else {"run_name": self.place.name}

    @property
    def run_id(self) -> str:
        """The id of the run."""
        run: Any = self.tracker.tracker
        return str(run.info.run_id)

    def configure(self) -> None:
        """Write new parameters as such, and changed ones as tags (changed.KEY)."""
        import mlflow

        before = mlflow.MlflowClient().get_run(self.run_id).data.params
        values = self.place.config
        new = {key: value for key, value in values.items() if key not in before}
        self.tracker.store_init_configuration(new)
        changed = {
            f"changed.{key}": str(value)
            for key, value in values.items()
            if key in before and before[key] != str(value)
        }
        if changed:
            mlflow.set_tags(changed)

    def newest(self) -> int:
        """Return the newest step of all metrics in the store."""
        import mlflow

        client = mlflow.MlflowClient()
        names = client.get_run(self.run_id).data.metrics
        return max(
            (
                metric.step
                for name in names
                if not name.startswith("system/")  # which count their steps differently
                for metric in client.get_metric_history(self.run_id, name)
            ),
            default=-1,
        )

    def log(self, entry: Entry) -> None:
        """Write texts as files, then images, then all scalars at once: they complete the step."""
        import mlflow

        for name, text in entry.texts.items():
            mlflow.log_text(text, f"{name}/step-{entry.step:08d}.txt")
        for name, path in entry.images.items():
            mlflow.log_image(self.image(path), key=name, step=entry.step)
        if entry.scalars:
            self.tracker.log(entry.scalars, step=entry.step)

    def files(self, paths: Iterable[Path]) -> None:
        """Store the files in the folder generators/."""
        import mlflow

        for path in paths:
            mlflow.log_artifact(str(path), "generators")


class TrackioStore(Store):
    """Keeps one unique name, by which trackio finds a run."""

    def arguments(self) -> dict[str, Any]:
        """Return the run's name and its configuration."""
        kept = self.place.kept(self.name).get("name")
        name = kept or f"{self.place.name}-{uuid4().hex[:8]}"
        self.place.keep(self.name, name=name)
        return {"name": name, "resume": "allow", "config": dict(self.place.config), "embed": False}

    def configure(self) -> None:
        """Do nothing: trackio gets the configuration at its start."""

    def newest(self) -> int:
        """Return the newest step in the store."""
        run: Any = self.tracker.tracker
        return int(run._next_step) - 1

    def log(self, entry: Entry) -> None:
        """Write an entry."""
        import trackio

        images = {
            name: trackio.Image(self.place.folder / path) for name, path in entry.images.items()
        }
        self.tracker.log(entry.scalars | entry.texts | images, step=entry.step)

    def files(self, paths: Iterable[Path]) -> None:
        """Store each file as an artifact."""
        _log_artifacts(self, paths)


def _log_artifacts(store: Store, paths: Iterable[Path]) -> None:
    run: Any = store.tracker.tracker
    for path in paths:
        name = re.sub(r"[^\w.-]", "-", f"{store.place.name}-{path.stem}")
        run.log_artifact(str(path), name=name, type="model")


def history_steps(path: Path) -> Iterator[int]:
    """Yield the history's steps in one of W&B's local files, up to an incomplete record.

    The file is a log in LevelDB's format: seven bytes, then blocks of 32 KiB with records. A record
    has a checksum (4 bytes), a length (2), a kind (1) and a part of a message.
    """
    from wandb.proto.wandb_internal_pb2 import Record

    data, at, message = path.read_bytes(), 7, b""
    while at + 7 <= len(data):
        left = 32768 - at % 32768
        if left < 7:
            at += left
            continue
        length, kind = struct.unpack_from("<HB", data, at + 4)
        part = data[at + 7 : at + 7 + length]
        if kind not in (1, 2, 3, 4) or len(part) < length:
            return
        message = part if kind in (1, 2) else message + part
        at += 7 + length
        if kind in (1, 4):
            record = Record.FromString(message)
            if record.HasField("history"):
                yield int(record.history.step.num)
