"""Training state on disk, whole or not there.

    state/step-00001000/
      shared.pt         what all processes share: networks, averages, optimizers
      process-0.pt      what each process has for itself: its pools
      manifest.json     step, configuration, fingerprints of the data, every file's length and hash

A state is written under a temporary name, flushed, and renamed: a folder with a manifest that fits
is complete.
"""

import hashlib
import json
import os
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import torch

from gan.config import changed_keys
from gan.config.tables.recipes import present_name
from gan.system.hashing import file_sha256
from gan.system.processes import Processes

MANIFEST = "manifest.json"
SECONDS = 60
"""How long a state that another process sees is waited for."""
LEAST_WRONG_STEP = 2**53
"""More steps than any run takes."""
FIXED = ("networks.", "data.channels_", "recipe:")
"""What not even run.allow_changes changes: the weights would not fit."""


@dataclass(frozen=True)
class SavedState:
    """A complete state: its folder, and what its manifest says."""

    folder: Path
    manifest: dict[str, Any]

    @property
    def step(self) -> int:
        """Steps done when it was saved."""
        return int(self.manifest["step"])

    @property
    def recipe(self) -> str:
        """The recipe that it is of, by its present name."""
        return present_name(self.manifest.get("recipe", "cyclegan"))  # older manifests name none

    def awaited(self) -> list[Any]:
        """Wait until this process sees the state, which another machine has found; return [].

        Disks of a network may show it late. ValueError where another one stays in its place.
        """
        for _ in range(SECONDS):
            if _examine(self.folder) == (None, self.manifest):
                return []
            time.sleep(1)
        raise ValueError(
            f"{self.folder}: the main process has found this state, and another does not see it: "
            "run.dir must lie on a disk that all machines share"
        )

    def load(self, process: int) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return what all processes share, and what this process has for itself, on the CPU."""
        shared = _read_tensors(self.folder / "shared.pt")
        path = self.folder / f"process-{process}.pt"
        if not path.exists():  # saved by fewer processes, and run.allow_changes is on
            return shared, {}
        return shared, _read_tensors(path)


def _read_tensors(path: Path) -> dict[str, Any]:
    """Return what a file of a state holds; ValueError names one that was sealed, but is none."""
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
        if not isinstance(content, dict):
            raise TypeError(f"it holds a {type(content).__name__}")
    except Exception as error:  # of pickles, archives, decoders
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise ValueError(f"{path}: is not part of a training state: {reason}") from error
    return content


def write(save: Callable[[BinaryIO], object], path: Path) -> None:
    """Let `save` write a file, and flush it to the disk."""
    with path.open("wb") as file:
        save(file)
        file.flush()
        os.fsync(file.fileno())


def publish(temporary: Path, folder: Path, manifest: dict[str, Any]) -> None:
    """Describe the files of a state, flush, and give it its name."""
    manifest = manifest | {"files": {p.name: describe(p) for p in sorted(temporary.iterdir())}}
    text = json.dumps(manifest | {"checksum": checksum(manifest)}, indent=1)
    write(lambda file: file.write(text.encode()), temporary / MANIFEST)
    _sync_folder(temporary)
    shutil.rmtree(folder, ignore_errors=True)
    temporary.replace(folder)
    _sync_folder(folder.parent)


def checksum(manifest: dict[str, Any]) -> str:
    """Return the SHA-256 of a manifest without this entry."""
    checked = {key: value for key, value in manifest.items() if key != "checksum"}
    return hashlib.sha256(json.dumps(checked, sort_keys=True).encode()).hexdigest()


def describe(path: Path) -> dict[str, Any]:
    return {"bytes": path.stat().st_size, "sha256": file_sha256(path)}


def _sync_folder(folder: Path) -> None:
    """Make a rename outlast a power failure; Windows needs no such call."""
    if os.name == "posix":
        handle = os.open(folder, os.O_RDONLY)
        os.fsync(handle)
        os.close(handle)


def remove_old(root: Path, step: int, keep: int) -> None:
    """Keep the newest states up to a step: not later ones, superseded when the run went back, nor
    torn ones.
    """
    folders = sorted(root.glob("step-*"))
    past = [folder for folder in folders if folder.name <= f"step-{step:08d}"]
    for folder in {*folders, *root.glob(".step-*.tmp")} - set(past[-keep:]):
        shutil.rmtree(folder, ignore_errors=True)


def newest_state(root: Path) -> tuple[SavedState | None, list[str]]:
    """Return the newest complete state below root, and what is wrong with those newer than it."""
    problems: list[str] = []
    for folder in sorted(root.glob("step-*"), reverse=True):
        problem, manifest = _examine(folder)
        if problem is None:
            return SavedState(folder, manifest), problems
        problems.append(problem)
    return None, problems


def agreed_state(root: Path, processes: Processes) -> tuple[SavedState | None, list[str]]:
    """Return on all processes the newest state that the main one finds, once they all see it."""
    saved, problems = processes.once(lambda: newest_state(root))
    processes.gather(lambda: [] if processes.main or saved is None else saved.awaited())
    return saved, problems


def _examine(folder: Path) -> tuple[str | None, dict[str, Any]]:
    """Return what is wrong with a state's folder, or None, and its manifest."""
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        if manifest["checksum"] != checksum(manifest):
            return f"{folder / MANIFEST}: its checksum is wrong", {}
        if fault := _fault(manifest):
            return f"{folder / MANIFEST}: {fault}", {}
        for name, expected in manifest["files"].items():
            actual = describe(folder / name)
            if actual["bytes"] != expected["bytes"]:
                return f"{folder / name}: {actual['bytes']} bytes, not {expected['bytes']}", {}
            if actual != expected:
                return f"{folder / name}: its SHA-256 is not the manifest's", {}
    except FileNotFoundError as error:
        return f"{error.filename}: missing", {}
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        return f"{folder / MANIFEST}: cannot be read: {error}", {}
    return None, manifest


def _fault(manifest: dict[str, Any]) -> str | None:
    """Return what a manifest lacks of what resuming needs."""
    kinds = {"step": int, "config": dict, "files": dict, "recipe": str, "fingerprints": dict}
    older = {"recipe": "cyclegan", "fingerprints": {}}
    for key, kind in kinds.items():
        value = (older | manifest)[key]
        if not isinstance(value, kind) or isinstance(value, bool):
            return f"{key} is {json.dumps(value)[:40]}"
    if not 0 <= manifest["step"] < LEAST_WRONG_STEP:
        return f"step is {manifest['step']}"
    return None if "shared.pt" in manifest["files"] else "it names no shared.pt"


def check_same(saved: SavedState, now: dict[str, Any], *, allow: bool) -> None:
    """Reject another configuration, other folders or other processes than those of a state.

    ValueError names what changed. `allow` lets all change but what the weights would not fit.
    """
    changes = changed_keys(saved.manifest["config"], now["config"])
    # Older manifests name no device.
    absent = {"folders": None, "processes": None, "device": now["device"]}
    before = absent | saved.manifest | {"recipe": saved.recipe}
    changes += [
        f"{key}: {before[key]} -> {now[key]}"
        for key in ("folders", "processes", "device", "recipe")
        if before[key] != now[key]
    ]
    old, new = saved.manifest.get("fingerprints", {}), now["fingerprints"]
    changes += [
        f"{key}: another file's content ({old[key]} -> {new[key]})"
        for key in sorted(old.keys() & new.keys())
        if old[key] != new[key]
    ]
    fixed = [change for change in changes if change.startswith(FIXED)]
    if fixed or (changes and not allow):
        remedy = "" if fixed else ", or --run.allow_changes true"
        raise ValueError(
            f"{saved.folder.parent.parent} holds a run with another configuration "
            f"({'; '.join(fixed or changes)}): give the same values, another run.dir{remedy}"
        )
