"""Training states: complete or skipped by name, the last few kept, safe on a full disk."""

import json
import resource
import shutil
import signal
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from accelerate import Accelerator

from gan.config import Config
from gan.training.checkpoint.saver import Saver
from gan.training.checkpoint.states import SavedState, check_same, checksum, describe, newest_state


def save(root: Path, step: int, keep: int = 3) -> None:
    shared = {"weight": torch.full((100,), float(step))}
    own = {"pool_a": None, "pool_b": torch.full((50,), float(step))}
    with Saver(root, Accelerator(cpu=True), keep=keep) as saver:
        saver.save(shared, own, {"step": step, "config": {}})


def content(root: Path) -> tuple[int, float, float]:
    saved, _ = newest_state(root)
    assert saved is not None
    shared, own = saved.load(0)
    return saved.step, shared["weight"][0].item(), own["pool_b"][0].item()


def test_round_trip_of_the_newest(tmp_path: Path) -> None:
    for step in (1, 2, 10):
        save(tmp_path, step)
    assert content(tmp_path) == (10, 10.0, 10.0)


def test_an_empty_folder_has_no_state(tmp_path: Path) -> None:
    assert newest_state(tmp_path / "state") == (None, [])


def test_only_the_last_few_are_kept(tmp_path: Path) -> None:
    for step in range(1, 6):
        save(tmp_path, step, keep=2)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["step-00000004", "step-00000005"]


def test_an_incomplete_save_is_neither_found_nor_kept(tmp_path: Path) -> None:
    save(tmp_path, 1)
    shutil.copytree(tmp_path / "step-00000001", tmp_path / ".step-00000002.tmp")
    assert content(tmp_path) == (1, 1.0, 1.0)
    save(tmp_path, 3)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["step-00000001", "step-00000003"]


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-10])


def flip(path: Path) -> None:
    """One bit in the middle of the tensor's bytes."""
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


@pytest.mark.parametrize("name", ["shared.pt", "process-0.pt", "manifest.json"])
@pytest.mark.parametrize("damage", [truncate, flip, Path.unlink])
def test_a_damaged_state_is_named_and_the_one_before_is_used(
    damage: Any, name: str, tmp_path: Path
) -> None:
    save(tmp_path, 1)
    save(tmp_path, 2)
    path = tmp_path / "step-00000002" / name
    damage(path)
    saved, problems = newest_state(tmp_path)
    assert saved is not None
    assert saved.step == 1
    assert len(problems) == 1
    if not (damage is flip and name == "manifest.json"):  # it may then name another file
        assert str(path) in problems[0]


@pytest.mark.parametrize(("key", "value"), [
    ("step", None), ("step", -1), ("step", 10**30), ("step", True), ("config", None),
    ("fingerprints", ["a"]), ("recipe", 3), ("files", {}), ("files", []), ("config", "deep"),
])  # fmt: skip
def test_a_sealed_manifest_of_something_else_is_named(key: str, value: Any, tmp_path: Path) -> None:
    """Its checksum is correct, as if it had been written like this."""
    save(tmp_path, 1)
    save(tmp_path, 2)
    path = tmp_path / "step-00000002" / "manifest.json"
    manifest = json.loads(path.read_text()) | {key: value}
    text = json.dumps(manifest | {"checksum": checksum(manifest)})
    path.write_text(text.replace('"deep"', "[" * 100_000 + "]" * 100_000))
    saved, problems = newest_state(tmp_path)
    assert saved is not None
    assert saved.step == 1
    assert len(problems) == 1
    assert problems[0].startswith(f"{path}: ")


@pytest.mark.parametrize("content", [b"", b"no pickle", b"PK\x03\x04", None])
def test_a_sealed_file_that_is_not_a_state_is_named(content: bytes | None, tmp_path: Path) -> None:
    save(tmp_path, 1)
    folder = tmp_path / "step-00000001"
    if content is None:
        torch.save([1, 2], folder / "shared.pt")
    else:
        (folder / "shared.pt").write_bytes(content)
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["files"]["shared.pt"] = describe(folder / "shared.pt")
    sealed = json.dumps(manifest | {"checksum": checksum(manifest)})
    (folder / "manifest.json").write_text(sealed)
    saved, _ = newest_state(tmp_path)
    assert saved is not None
    with pytest.raises(ValueError, match=r"shared\.pt: is not part of a training state: "):
        saved.load(0)


def test_a_flipped_bit_anywhere_in_the_manifest_never_misleads(tmp_path: Path) -> None:
    """Its content is either still correct where it matters, or reported as damaged."""
    save(tmp_path, 1)
    save(tmp_path, 2)
    manifest = tmp_path / "step-00000002" / "manifest.json"
    original = manifest.read_bytes()
    for position in range(0, len(original), 7):
        data = bytearray(original)
        data[position] ^= 1
        manifest.write_bytes(data)
        saved, problems = newest_state(tmp_path)
        assert saved is not None
        if not problems:
            assert saved.step == 2, original[position - 9 : position + 9]
        else:
            assert saved.step == 1


@pytest.fixture
def full_disk() -> Iterator[None]:
    """No file may exceed 1000 bytes: like a full disk, without mounting one."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limits[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    signal.signal(signal.SIGXFSZ, handler)


def test_a_full_disk_is_reported_and_the_state_before_is_intact(
    tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    save(tmp_path, 1)
    request.getfixturevalue("full_disk")
    with pytest.raises(OSError, match="step-00000002: the training state cannot be written"):
        save(tmp_path, 2)
    assert [path.name for path in tmp_path.iterdir()] == ["step-00000001"]
    assert content(tmp_path) == (1, 1.0, 1.0)


def test_a_state_is_a_copy_while_training_continues(tmp_path: Path) -> None:
    """The writing thread waits until the tensors have changed."""
    weight, changed = torch.ones(100), threading.Event()
    with Saver(tmp_path, Accelerator(cpu=True), keep=1) as saver:
        saver.thread.submit(changed.wait, 10)
        saver.save({"weight": weight, "nested": [{"a": (weight,)}]}, {}, {"step": 1, "config": {}})
        weight.zero_()
        changed.set()
    saved, _ = newest_state(tmp_path)
    assert saved is not None
    shared, _ = saved.load(0)
    assert shared["weight"].eq(1).all()
    assert shared["nested"][0]["a"][0].eq(1).all()


def test_a_state_is_named_only_when_every_process_has_written_it(tmp_path: Path) -> None:
    with Saver(tmp_path, Accelerator(cpu=True), keep=1) as saver:
        saver.save({}, {}, {"step": 1, "config": {}})
        saver.check()  # this process has written its part
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("gan.training.checkpoint.saver.any_process", lambda busy: True)
            saver.poll()  # another has not
        assert newest_state(tmp_path) == (None, [])
        saver.poll()
        saver.finish()
        saved, _ = newest_state(tmp_path)
        assert saved is not None


def test_a_state_that_another_process_found_is_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A network disk may show it late, and another state before."""
    save(tmp_path, 3)
    saved, _ = newest_state(tmp_path)
    assert saved is not None
    hidden, waits = tmp_path / "hidden", []
    saved.folder.rename(hidden)

    def show_it_late(_: float) -> None:
        waits.append(1)
        if len(waits) == 3:
            hidden.rename(saved.folder)

    monkeypatch.setattr("gan.training.checkpoint.states.time.sleep", show_it_late)
    saved.awaited()
    assert len(waits) == 3
    save(tmp_path, 3)  # another state of the same step
    other = SavedState(saved.folder, saved.manifest | {"step": 4})
    with pytest.raises(ValueError, match="another does not see it"):
        other.awaited()
    assert len(waits) == 63


@pytest.mark.parametrize("before", [{}, {"device": "cpu"}], ids=["older", "same"])
def test_a_state_of_the_same_or_an_unknown_device_is_accepted(
    before: dict[str, str], tmp_path: Path
) -> None:
    check_same(*on_devices(before, "cpu", tmp_path), allow=False)


def test_a_state_of_another_device_is_rejected(tmp_path: Path) -> None:
    """Devices round differently and have different random numbers."""
    states = on_devices({"device": "cuda"}, "cpu", tmp_path)
    with pytest.raises(ValueError, match=r"device: cuda -> cpu.*--run.allow_changes true"):
        check_same(*states, allow=False)
    check_same(*states, allow=True)


def on_devices(before: dict[str, str], now: str, folder: Path) -> tuple[SavedState, dict[str, Any]]:
    """A state, and the manifest of a run on another device."""
    same = {
        "config": Config().model_dump(mode="json"), "folders": {}, "processes": 1,
        "recipe": "cyclegan", "fingerprints": {},
    }  # fmt: skip
    return SavedState(folder, same | before), same | {"device": now}


def test_the_manifest_describes_every_file(tmp_path: Path) -> None:
    save(tmp_path, 1)
    folder = tmp_path / "step-00000001"
    manifest = json.loads((folder / "manifest.json").read_text())
    assert manifest["files"].keys() == {"shared.pt", "process-0.pt"}
    for name, described in manifest["files"].items():
        assert described["bytes"] == (folder / name).stat().st_size
