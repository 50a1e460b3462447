"""Training from an S3 server: the numbers of the same files on a disk, whatever the server does."""

import re
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from gan.data import index_folders
from gan.system import stores
from gan.training import train
from tests.support.launching import command, environment, kill_when, run, write_images
from tests.support.object_server import BUCKET, ObjectServer, object_server, upload
from tests.support.runs import config, generators

pytestmark = pytest.mark.engines
pytest.importorskip("moto")
pytest.importorskip("obstore")

URL = Path(f"s3://{BUCKET}/data")


@pytest.fixture
def images(tmp_path: Path) -> Path:
    return write_images(tmp_path / "data")


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch, images: Path) -> Iterator[ObjectServer]:
    with object_server(monkeypatch) as running:
        upload(images, "data")
        yield running


def steps(count: int) -> dict[str, int]:
    return {"max_steps": count, "checkpoint_every": 3}


def test_a_run_is_that_of_the_same_files_on_a_disk_and_the_cache_asks_only_once(
    server: ObjectServer, images: Path, tmp_path: Path
) -> None:
    local = config(images, tmp_path / "local", train=steps(6))
    cached = {"cache": tmp_path / "cache"}
    remote = config(URL, tmp_path / "remote", train=steps(6), data=cached)
    assert index_folders(local.data)["a"].fingerprint == index_folders(remote.data)["a"].fingerprint
    train(local)
    server.requests.clear()
    train(remote)
    assert generators(tmp_path / "local") == generators(tmp_path / "remote")
    once = len(server.requests)
    server.requests.clear()
    train(config(URL, tmp_path / "again", train=steps(6), data=cached))
    assert generators(tmp_path / "local") == generators(tmp_path / "again")
    assert once - len(server.requests) == 8  # each image once; test images are not cached


@pytest.mark.parametrize("workers", [0, 2])
def test_a_killed_run_resumes_in_the_middle_of_an_epoch(
    server: ObjectServer, images: Path, tmp_path: Path, workers: int
) -> None:
    """Objects that are added meanwhile do not change it, and a slow server does not either."""
    keys = {"train__max_steps": 14, "train__checkpoint_every": 4, "data__workers": workers}
    run(command(images, tmp_path / "local", **keys))
    server.delay = 0.05
    state = tmp_path / "remote/state/step-00000004/manifest.json"
    kill_when(state.exists, command(Path(URL), tmp_path / "remote", **keys))
    server.delay = 0
    stores.write(f"{place_of('trainA')}/000.png", b"another", replace=True)
    assert "resuming" in run(command(Path(URL), tmp_path / "remote", **keys))
    assert generators(tmp_path / "local") == generators(tmp_path / "remote")


@pytest.mark.parametrize("workers", [0, 1])
def test_a_signal_ends_the_wait_for_a_store_also_in_a_loader_worker(
    server: ObjectServer, images: Path, tmp_path: Path, workers: int
) -> None:
    """Only the trainer receives it."""
    keys = {"train__max_steps": 500, "train__checkpoint_every": 4, "data__workers": workers}
    process = subprocess.Popen(
        command(Path(URL), tmp_path / "run", **keys),
        env=environment(), stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    while not (tmp_path / "run/state/step-00000004/manifest.json").exists():
        assert process.poll() is None
        time.sleep(0.02)
    server.stop()
    assert process.stderr
    for line in process.stderr:
        if "the store does not answer" in line:
            break
    process.send_signal(signal.SIGTERM)
    printed = process.communicate(timeout=30)[1]  # its tries would take a minute
    assert process.returncode == 75
    assert "stopped by SIGTERM after step" in printed
    assert (tmp_path / "run/stopped").exists()


def place_of(name: str) -> str:
    return f"s3://{BUCKET}/data/{name}"


def test_a_deleted_object_is_named_and_others_replace_it(
    server: ObjectServer, images: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    whole = config(
        URL, tmp_path / "run", train=steps(6) | {"log_every": 1}, data={"max_unreadable": 0.5}
    )
    run_index = index_folders(whole.data)
    assert len(run_index["a"].files) == 5
    gone = f"{place_of('trainA')}/2.png"

    def delete(method: str, path: str) -> None:
        if method == "GET" and path.endswith("trainA/2.png"):
            server.before = lambda method, path: None
            stores.remove(gone)

    server.before = delete
    train(whole)
    printed = capfd.readouterr().err
    assert printed.count(f"{gone}: no such object; other images replace it") == 1
    train(config(URL, tmp_path / "run", train=steps(9), data={"max_unreadable": 0.5}))
    assert f"skipped: {gone}" in capfd.readouterr().err


def test_a_server_that_was_dead_for_half_a_minute_changes_nothing(
    server: ObjectServer, images: Path, tmp_path: Path
) -> None:
    train(config(images, tmp_path / "local", train=steps(6)))
    outages: list[float] = []

    def outage() -> None:
        began = time.monotonic()
        server.stop()
        time.sleep(30)
        server.start()
        outages.append(time.monotonic() - began)

    def die(method: str, path: str) -> None:
        if (tmp_path / "remote/index.json").exists() and path.endswith(".png"):
            server.before = lambda method, path: None
            threading.Thread(target=outage).start()

    server.before = die
    train(config(URL, tmp_path / "remote", train=steps(6)))
    assert outages
    assert generators(tmp_path / "local") == generators(tmp_path / "remote")


def test_a_server_that_stays_dead_ends_the_run_after_a_save(
    server: ObjectServer, images: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The error is short, and names the object and the cause."""
    monkeypatch.setattr(stores, "WAITS", (0.01,))
    train(config(images, tmp_path / "local", train=steps(6)))

    def die(method: str, path: str) -> None:
        read = [path for method, path in server.requests if method == "GET"]
        if sum(path.endswith(".png") for path in read) > 7:
            server.before = lambda method, path: None
            server.stop()

    server.before = die
    with pytest.raises(ValueError, match="the same command again") as raised:
        train(config(URL, tmp_path / "remote", train=steps(6)))
    assert re.fullmatch(
        rf"s3://{BUCKET}/data/train./.\.png: the store did not answer in 2 tries \("
        r"[^()\n]{5,60}\): check the network and AWS_ENDPOINT_URL: run the same command again to "
        "continue",
        str(raised.value),
    )
    server.start()
    train(config(URL, tmp_path / "remote", train=steps(6)))
    assert generators(tmp_path / "local") == generators(tmp_path / "remote")


def test_wrong_credentials_are_one_line(
    server: ObjectServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "wrong")
    text = run(command(Path(URL), tmp_path / "run"), status=1)
    lines = text.strip().splitlines()
    assert len(lines) == 1, text
    told = "the store denies access: check its credentials (403 Forbidden, InvalidAccessKeyId)"
    assert lines[0].endswith(f"error: s3://{BUCKET}/data/trainA: {told}")
