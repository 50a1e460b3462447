"""Augmenting from an S3 server to it, in shards that are killed: the files of a local run."""

import sys
import time
from pathlib import Path

import pytest

from gan.system import stores
from tests.support.generators import write_generator
from tests.support.interrupted_runs import contents
from tests.support.labelled import WRITERS
from tests.support.launching import kill_when, run
from tests.support.object_server import BUCKET, object_server, upload

pytestmark = pytest.mark.engines
pytest.importorskip("moto")
pytest.importorskip("obstore")

OUTPUT = f"s3://{BUCKET}/out"
GATES = ("structure", "shift", "edges", "luma", "contrast", "identity", "realism", "cycle")


def command(model: Path, source: object, output: object, *more: str) -> list[str]:
    words = ["--model", model, "--dataset", source, "--output", output, "--format", "coco"]
    words += ["--mode", "add", "--device", "cpu", "--batch_size", 1]
    words += [word for gate in GATES for word in (f"--{gate}", "off")]
    return [sys.executable, "-m", "gan.cli", "augment", *map(str, words), *more]


def there() -> dict[str, bytes]:
    names = [entry.name for entry in stores.listing(OUTPUT)]
    return {name: stores.read(f"{OUTPUT}/{name}") for name in names}


def test_two_killed_shards_make_the_files_of_a_local_run_and_translate_nothing_twice(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    WRITERS["coco"](tmp_path / "in")
    model = write_generator(tmp_path / "gen_ab.safetensors")
    run(command(model, tmp_path / "in", tmp_path / "local"))
    with object_server(monkeypatch) as server:
        upload(tmp_path / "in", "traffic")
        source = f"s3://{BUCKET}/traffic"
        for number in (1, 2):
            server.delay = 0.3
            arguments = command(model, source, OUTPUT, "--shard", f"{number}/2")
            server.requests.clear()
            kill_when(lambda: any(written(*each) for each in server.requests), arguments)
            time.sleep(1)
            server.delay = 0
            scored = [name for name in there() if written("PUT", name)]
            server.requests.clear()
            text = run(arguments)
            again = [path for method, path in server.requests if written(method, path)]
            assert not {f"/{BUCKET}/out/{name}" for name in scored} & set(again)
            assert len(again) == len(set(again))
        assert "all 2 shards done" in text
        found, expected = there(), contents(tmp_path / "local")
        assert found.keys() == expected.keys()
        different = {name for name in expected if found[name] != expected[name]}
        assert different == {"augmentation.json"}  # it has a hash of the source's tags


def written(method: str, path: str) -> bool:
    """Return whether a request writes the scores of a translation, which come last."""
    return method == "PUT" and "/.augment/" in f"/{path}" and path.endswith(".jpg.json")
