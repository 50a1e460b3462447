"""Training states on disk: complete or absent.

    state/step-00001000/
      shared.pt         what all processes share: networks, averages, optimizers
      process-0.pt      what belongs to one process: its image pools
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
"""How long to wait until a process sees a state that another one has found."""
LEAST_WRONG_STEP = 2**53
"""Limit of steps in a manifest, more than any run has; larger numbers are errors."""
FIXED = ("networks.", "data.channels_", "recipe:", "styles:")
"""Prefixes of changes that run.allow_changes does not permit: the weights would not fit."""


@dataclass(frozen=True)
class SavedState:
    """A complete state: its folder and its manifest."""

    folder: Path
    manifest: dict[str, Any]

    @property
    def step(self) -> int:
        """Number of steps done when it was saved."""
        return int(self.manifest["step"])

    @property
    def recipe(self) -> str:
        """The recipe, by its present name."""
        return present_name(self.manifest.get("recipe", "cyclegan"))  # older manifests lack it

    def awaited(self) -> list[Any]:
        """Wait until this process sees the state, which the main process has found; return [].

        Network disks may show it late. The list is for Processes.gather. ValueError if this process
        does not see the state within SECONDS.
        """
        for _ in range(SECONDS):
            if _examine(self.folder) == (None, self.manifest):
                return []
            time.sleep(1)
        raise ValueError(
            f"{self.folder}: the main process has found this state, but another does not see it: "
            "run.dir must be on a disk that all machines share"
        )

    def load(self, process: int) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return the shared part and a process's part of the state, on the CPU.

        The latter is {} if the state was saved by fewer processes. ValueError if a file cannot be
        loaded.
        """
        shared = _read_tensors(self.folder / "shared.pt")
        path = self.folder / f"process-{process}.pt"
        if not path.exists():  # saved by fewer processes, and run.allow_changes is on
            return shared, {}
        return shared, _read_tensors(path)


def _read_tensors(path: Path) -> dict[str, Any]:
    """Return the dict in a file of a state, on the CPU; ValueError if it cannot be loaded."""
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
        if not isinstance(content, dict):
            raise TypeError(f"it holds a {type(content).__name__}")
    except Exception as error:  # pickles, archives and decoders raise many types
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise ValueError(f"{path}: is not part of a training state: {reason}") from error
    return content


def write(save: Callable[[BinaryIO], object], path: Path) -> None:
    """Write a file with `save`, and flush it to the disk."""
    with path.open("wb") as file:
        save(file)
        file.flush()
        os.fsync(file.fileno())


def publish(temporary: Path, folder: Path, manifest: dict[str, Any]) -> None:
    """Write the manifest with each file's length and hash, flush, rename temporary to folder."""
    manifest = manifest | {"files": {p.name: describe(p) for p in sorted(temporary.iterdir())}}
    text = json.dumps(manifest | {"checksum": checksum(manifest)}, indent=1)
    write(lambda file: file.write(text.encode()), temporary / MANIFEST)
    _sync_folder(temporary)
    shutil.rmtree(folder, ignore_errors=True)
    temporary.replace(folder)
    _sync_folder(folder.parent)


def checksum(manifest: dict[str, Any]) -> str:
    """Return the SHA-256 of a manifest without its entry "checksum"."""
    checked = {key: value for key, value in manifest.items() if key != "checksum"}
    return hashlib.sha256(json.dumps(checked, sort_keys=True).encode()).hexdigest()


def describe(path: Path) -> dict[str, Any]:
    return {"bytes": path.stat().st_size, "sha256": file_sha256(path)}


def _sync_folder(folder: Path) -> None:
    """Make a rename survive a power failure; not needed on Windows."""
    if os.name == "posix":
        handle = os.open(folder, os.O_RDONLY)
        os.fsync(handle)
        os.close(handle)


def remove_old(root: Path, step: int, keep: int) -> None:
    """Keep the `keep` newest states up to a step and delete all others.

    States after the step were superseded when the run went back; temporary folders are incomplete.
    """
    folders = sorted(root.glob("step-*"))
    past = [folder for folder in folders if folder.name <= f"step-{step:08d}"]
    for folder in {*folders, *root.glob(".step-*.tmp")} - set(past[-keep:]):
        shutil.rmtree(folder, ignore_errors=True)


def newest_state(root: Path) -> tuple[SavedState | None, list[str]]:
    """Return the newest complete state in root, or None, and why each newer one is damaged."""
    problems: list[str] = []
    for folder in sorted(root.glob("step-*"), reverse=True):
        problem, manifest = _examine(folder)
        if problem is None:
            return SavedState(folder, manifest), problems
        problems.append(problem)
    return None, problems


def agreed_state(root: Path, processes: Processes) -> tuple[SavedState | None, list[str]]:
    """Return newest_state of the main process to all, after waiting until all see its files."""
    saved, problems = processes.once(lambda: newest_state(root))
    processes.gather(lambda: [] if processes.main or saved is None else saved.awaited())
    return saved, problems


def _examine(folder: Path) -> tuple[str | None, dict[str, Any]]:
    """Return the fault of a state's folder (else None), and its manifest ({} if it has a fault)."""
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
                return f"{folder / name}: its SHA-256 differs from the manifest's", {}
    except FileNotFoundError as error:
        return f"{error.filename}: missing", {}
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        return f"{folder / MANIFEST}: cannot be read: {error}", {}
    return None, manifest


def _fault(manifest: dict[str, Any]) -> str | None:
    """Return what is missing or wrong in a manifest, or None."""
    kinds = {"step": int, "config": dict, "files": dict, "recipe": str, "fingerprints": dict}
    older = {"recipe": "cyclegan", "fingerprints": {}}
    for key, kind in kinds.items():
        value = (older | manifest)[key]
        if not isinstance(value, kind) or isinstance(value, bool):
            return f"{key} is {json.dumps(value)[:40]}"
    if not 0 <= manifest["step"] < LEAST_WRONG_STEP:
        return f"step is {manifest['step']}"
    return None if "shared.pt" in manifest["files"] else "shared.pt is missing in files"


def check_same(saved: SavedState, now: dict[str, Any], *, allow: bool) -> None:
    """Raise ValueError, with the changes, if a run does not match the saved state.

    `now` is the run's manifest. Compared are configuration, folders, processes, device, recipe and
    the hashes of files, such as weights. With `allow`, only changes after which the weights would
    not fit are rejected.
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
        f"{key}: the file's content has changed ({old[key]} -> {new[key]})"
        for key in sorted(old.keys() & new.keys())
        if old[key] != new[key]
    ]
    fixed = [change for change in changes if change.startswith(FIXED)]
    if fixed or (changes and not allow):
        remedy = "" if fixed else ", or set run.allow_changes (--run.allow_changes true)"
        raise ValueError(
            f"{saved.folder.parent.parent} holds a run with another configuration "
            f"({'; '.join(fixed or changes)}): use the same values or another run.dir{remedy}"
        )
