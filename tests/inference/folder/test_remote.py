"""Translating from an S3 server to it, in shards that are killed: the files of a local run."""

import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from gan.system import stores
from tests.support.generators import write_generator
from tests.support.launching import kill_when, run
from tests.support.object_server import BUCKET, ObjectServer, object_server, upload
from tests.support.pictures import Photos

pytestmark = pytest.mark.engines
pytest.importorskip("moto")
pytest.importorskip("obstore")

OUTPUT = f"s3://{BUCKET}/out"


@pytest.fixture
def images(photos: Photos, tmp_path: Path) -> Path:
    photos("photos/x", 8)
    photos("photos/y", 6)
    (tmp_path / "photos/y/003.png").write_bytes(b"not a picture")
    return tmp_path / "photos"


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch, images: Path) -> Iterator[ObjectServer]:
    with object_server(monkeypatch) as running:
        upload(images, "photos")
        yield running


def command(model: Path, source: object, output: object, *more: str) -> list[str]:
    words = ["--model", model, "--input", source, "--output", output]
    words += ["--device", "cpu", "--batch_size", 2]
    return [sys.executable, "-m", "gan.cli", "translate", *map(str, words), *more]


def there() -> dict[str, bytes]:
    names = [entry.name for entry in stores.listing(OUTPUT)]
    return {name: stores.read(f"{OUTPUT}/{name}") for name in names if not name.startswith(".")}


def test_two_killed_shards_make_the_files_of_a_local_run_once(
    server: ObjectServer, images: Path, tmp_path: Path
) -> None:
    model = write_generator(tmp_path / "gen_ab.safetensors")
    local = tmp_path / "local"
    run(command(model, images, local), status=1)
    expected = {path.relative_to(local).as_posix(): path for path in local.rglob("*.*")}
    source = f"s3://{BUCKET}/photos"
    for number in (1, 2):
        server.delay = 0.4
        arguments = command(model, source, OUTPUT, "--shard", f"{number}/2")
        server.requests.clear()
        kill_when(lambda: sum(method == "PUT" for method, _ in server.requests) >= 2, arguments)
        time.sleep(1)
        server.delay = 0
        before = there()
        assert 0 < len(before) < len(expected)
        server.requests.clear()
        text = run(arguments, status=1 if number == 1 else 0)  # the broken picture is in the first
        again = [path for method, path in server.requests if method == "PUT"]
        assert len(again) == len(set(again))
        assert not {f"/{BUCKET}/out/{name}" for name in before} & set(again)
    assert "all 2 shards done: " in text
    found = there()
    failed = found.pop("failed.tsv").decode().replace(source, str(images))
    assert failed == expected.pop("failed.tsv").read_text()
    assert found == {name: path.read_bytes() for name, path in expected.items()}
