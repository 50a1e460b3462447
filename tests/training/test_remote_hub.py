"""Training from a stand-in for the Hub, from files and from Parquet: the numbers of local files."""

import shutil
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from gan.system import stores
from gan.training import train
from tests.support.hub_server import HubServer, hub_server, write_tables
from tests.support.launching import command, kill_when, run, write_images
from tests.support.runs import config, generators

ROOT = "hf://datasets/owner/name"


@dataclass
class Source:
    """A form of the dataset: the keys that name it, and the file of one image of domain A."""

    keys: dict[str, Any]
    file: str

    def config(self, run: Path, steps: int, **data: Any) -> Any:
        train = {"max_steps": steps, "checkpoint_every": 3, "log_every": 1}
        return config(None, run, data=self.keys | data, train=train)  # type: ignore[arg-type]

    def command(self, run: Path, **keys: object) -> list[str]:
        return command(None, run, **{f"data__{key}": at for key, at in self.keys.items()}, **keys)


@pytest.fixture(
    params=[
        pytest.param("files", marks=pytest.mark.slow),
        pytest.param("parquet", marks=pytest.mark.engines),
    ]
)
def source(request: pytest.FixtureRequest, tmp_path: Path, images: Path) -> Source:
    if request.param == "files":
        shutil.copytree(images, tmp_path / "hub/data")
        keys = {name: f"{ROOT}/data/train{name.upper()}" for name in "ab"}
        return Source(keys, "data/trainA/2.png")
    pytest.importorskip("pyarrow")
    write_tables(images / "trainA", tmp_path / "hub/photos")
    write_tables(images / "trainB", tmp_path / "hub/paintings", rows=2)
    keys = {"a": f"{ROOT}/photos?column=image", "b": f"{ROOT}?config=paintings&split=train"}
    return Source(keys, "photos/train-00001-of-00003.parquet")


@pytest.fixture
def images(tmp_path: Path) -> Path:
    return write_images(tmp_path / "images")


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, source: Source) -> Iterator[HubServer]:
    with hub_server(monkeypatch, tmp_path / "hub", tmp_path / "home") as running:
        yield running


@pytest.fixture
def local(images: Path, tmp_path: Path) -> Path:
    """Six steps on the same files on a disk."""
    train(config(images, tmp_path / "local", train={"max_steps": 6}))
    return tmp_path / "local"


def test_a_run_is_that_of_the_same_files_and_the_cache_asks_only_once(
    server: HubServer, source: Source, local: Path, tmp_path: Path
) -> None:
    train(source.config(tmp_path / "first", 6, cache=tmp_path / "cache"))
    assert generators(local) == generators(tmp_path / "first")
    asked = [path for path in server.requests if "/resolve/" in path]
    server.requests.clear()
    train(source.config(tmp_path / "again", 6, cache=tmp_path / "cache"))
    assert generators(local) == generators(tmp_path / "again")
    again = [path for path in server.requests if "/resolve/" in path]
    whole = source.file.endswith(
        ".png"
    )  # pictures of the sample grids are not cached, row groups are
    assert len(again) == (len(asked) - 8 if whole else 0)
    assert asked


def test_a_killed_run_resumes_in_the_middle_of_an_epoch(
    server: HubServer, source: Source, images: Path, tmp_path: Path
) -> None:
    """A slow server does not change it, nor does a newer commit with other pictures."""
    keys = {"train__max_steps": 14, "train__checkpoint_every": 4}
    run(command(images, tmp_path / "local", **keys))
    keys["data__workers"] = 1
    server.delay = 0.2
    state = tmp_path / "remote/state/step-00000004/manifest.json"
    kill_when(state.exists, source.command(tmp_path / "remote", **keys))
    server.delay = 0
    newer = tmp_path / "newer"
    shutil.copytree(tmp_path / "hub", newer)
    (newer / source.file).write_bytes(b"another")
    server.commits["b" * 40] = newer
    assert "resuming" in run(source.command(tmp_path / "remote", **keys))
    assert generators(tmp_path / "local") == generators(tmp_path / "remote")


def test_a_file_that_vanished_is_named_and_others_replace_it(
    server: HubServer, source: Source, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    def delete(path: str) -> None:
        if "/resolve/" in path and path.endswith(source.file) and listed():
            (tmp_path / "hub" / source.file).unlink(missing_ok=True)

    def listed() -> bool:
        return (tmp_path / "run/index.json").exists()

    server.before = delete
    train(source.config(tmp_path / "run", 6, max_unreadable=0.9))
    gone = [line for line in capfd.readouterr().err.splitlines() if "no such object" in line]
    assert gone
    assert [line for line in gone if Path(source.file).name not in line.partition(": no ")[0]] == []


def test_a_server_that_was_dead_for_half_a_minute_changes_nothing(
    server: HubServer, source: Source, local: Path, tmp_path: Path
) -> None:
    outages: list[float] = []

    def outage() -> None:
        began = time.monotonic()
        server.stop()
        time.sleep(30)
        server.start()
        outages.append(time.monotonic() - began)

    def die(path: str) -> None:
        if "/resolve/" in path and (tmp_path / "remote/index.json").exists():
            server.before = lambda path: None
            threading.Thread(target=outage).start()
            time.sleep(0.5)

    server.before = die
    train(source.config(tmp_path / "remote", 6))
    assert outages
    assert generators(local) == generators(tmp_path / "remote")


def test_a_server_that_stays_dead_ends_the_run_and_the_same_command_continues(
    server: HubServer,
    source: Source,
    local: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(stores, "WAITS", (0.01,))

    def die(path: str) -> None:
        if "/resolve/" in path and (tmp_path / "remote/index.json").exists():
            server.before = lambda path: None
            threading.Thread(target=server.stop).start()
            time.sleep(1)

    server.before = die
    with pytest.raises(ValueError, match=r"did not answer in 2 tries"):
        train(source.config(tmp_path / "remote", 6))
    server.start()
    train(source.config(tmp_path / "remote", 6))
    assert generators(local) == generators(tmp_path / "remote")


def test_wrong_or_no_credentials_are_one_line(
    server: HubServer, source: Source, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.token = "right"
    for token in ("wrong", None):
        if token:
            monkeypatch.setenv("HF_TOKEN", token)
        else:
            monkeypatch.delenv("HF_TOKEN")
        with pytest.raises(ValueError, match="denies access: check its credentials") as raised:
            train(source.config(tmp_path / "run", 2))
        assert str(raised.value).startswith(f"{source.keys['a']}: the store denies access")
        assert "\n" not in str(raised.value)
    monkeypatch.setenv("HF_TOKEN", "right")
    train(source.config(tmp_path / "run", 2))
