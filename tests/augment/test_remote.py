"""Datasets below URLs, augmented to URLs, have the files that they have on a disk."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import fsspec
import pytest

from gan.augment import augment
from gan.system import stores
from tests.support import labelled
from tests.support.augmenting import config
from tests.support.interrupted_runs import contents
from tests.support.labelled import WRITERS

SOURCE, OUTPUT = "memory://source/data", "memory://target/out"


@pytest.fixture
def memory() -> Iterator[None]:
    yield
    fsspec.filesystem("memory").store.clear()


def put(folder: Path, url: str) -> None:
    for name, content in contents(folder).items():
        stores.write(f"{url}/{name}", content, replace=True)


def there(url: str = OUTPUT) -> dict[str, bytes]:
    return {entry.name: stores.read(f"{url}/{entry.name}") for entry in stores.listing(url)}


def same(found: dict[str, bytes], expected: dict[str, bytes]) -> None:
    """The report has a hash of the source's tags or contents, and differs therefore."""
    assert found.keys() == expected.keys()
    different = {name for name in expected if found[name] != expected[name]}
    assert different <= {"augmentation.json"}


def both(tmp_path: Path, model: Path, format: str, mode: str) -> None:
    """Augment a dataset on the disk and the same below a URL, and compare."""
    WRITERS[format](tmp_path / "in")
    put(tmp_path / "in", SOURCE)
    options = {"model": [model], "mode": mode, "direction": "ab"}
    assert augment(config(tmp_path, format, **options)) == 0
    remote = config(tmp_path, format, **options, dataset=SOURCE, output=OUTPUT)
    assert augment(remote) == 0
    same(there(), contents(tmp_path / "out"))
    assert there(SOURCE) == contents(tmp_path / "in")


@pytest.mark.slow
@pytest.mark.usefixtures("memory")
@pytest.mark.parametrize("mode", ["replace", "add"])
@pytest.mark.parametrize("format", labelled.FORMATS)
def test_every_format_is_augmented_from_and_to_a_url(
    tmp_path: Path, model: Path, format: str, mode: str
) -> None:
    both(tmp_path, model, format, mode)


@pytest.mark.usefixtures("memory")
def test_labels_of_added_images_are_those_of_a_disk(
    tmp_path: Path, model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A second start finds the output finished; one with other settings is rejected."""
    both(tmp_path, model, "yolo", "add")
    again = {"model": [model], "mode": "add", "direction": "ab", "dataset": SOURCE}
    assert augment(config(tmp_path, "yolo", **again, output=OUTPUT)) == 0
    assert f"{OUTPUT}: finished before, nothing to do" in capsys.readouterr().err
    with pytest.raises(ValueError, match="was begun with seed 0, not 1"):
        augment(config(tmp_path, "yolo", **again, output=OUTPUT, seed=1))
    with pytest.raises(ValueError, match="is not empty; give a new or empty --output"):
        augment(config(tmp_path, "yolo", **again, output="memory://target"))
    with pytest.raises(ValueError, match="must not be, contain or lie inside"):
        augment(config(tmp_path, "yolo", **again, output=f"{SOURCE}/out"))


def test_what_needs_folders_is_rejected_for_urls_and_shards(tmp_path: Path) -> None:
    urls: dict[str, Any] = {"dataset": SOURCE, "output": OUTPUT}
    cases: list[tuple[dict[str, Any], str]] = [
        (urls | {"link": True}, "link: hard links are for folders"),
        ({"ablation": True, "test": tmp_path, "shard": "1/2"}, "ablation: .* no --shard"),
        ({"shard": "3/2"}, "shard: expected NUMBER/COUNT"),
    ]
    for options, reason in cases:
        with pytest.raises(ValueError, match=reason):
            config(tmp_path, "yolo", **options)


def test_the_last_of_several_parts_completes_the_output_of_one(
    tmp_path: Path, model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """An image that cannot be translated is in the report whichever part has it."""
    WRITERS["imagefolder"](tmp_path / "in")
    broken = sorted((tmp_path / "in").rglob("train/*/*"))[0]
    broken.write_bytes(broken.read_bytes()[:-300])
    assert augment(config(tmp_path, "imagefolder", model=[model])) == 1
    capsys.readouterr()
    parts = tmp_path / "parts"
    done = [
        augment(config(tmp_path, "imagefolder", model=[model], output=parts, shard=f"{at}/3"))
        for at in (2, 1, 3)
    ]
    printed = capsys.readouterr().err
    assert "shard 1/3 done; parts without a report: 3" in printed
    assert printed.count("all 3 shards done") == 1
    assert 1 in done
    assert contents(parts) == contents(tmp_path / "out")


def test_parts_of_other_batches_make_no_whole(
    tmp_path: Path, model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    WRITERS["imagefolder"](tmp_path / "in")
    parts = tmp_path / "parts"

    def printed(shard: str, batch_size: int) -> str:
        made = config(
            tmp_path, "imagefolder", model=[model], output=parts, shard=shard,
            batch_size=batch_size,
        )  # fmt: skip
        assert augment(made) == 0
        return capsys.readouterr().err

    printed("1/2", 1)
    assert "run again, since they had other files or batches: parts 1." in printed("2/2", 4)
    assert "all 2 shards done" in printed("1/2", 4)
