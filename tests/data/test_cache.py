"""Pixels from the cache equal the file's, whatever happens to cache and file."""

import errno
import gc
import multiprocessing
import os
import signal
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from gan.config import DataConfig
from gan.data import cache as module
from gan.data.cache import HEADER, PixelCache, Pixels, stamp_of
from gan.data.crops import Crops, open_cache, read_resized
from gan.system.hashing import file_sha256
from tests.support.pictures import Photos

FORKS = pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
FORK = multiprocessing.get_context("fork")


@pytest.fixture(autouse=True)
def settled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let files that a test has just written count as old."""
    monkeypatch.setattr(module, "SETTLED", 0)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "cache"


def data(folder: Path | None, **changes: Any) -> DataConfig:
    return DataConfig(**{"load_size": 18, "crop_size": 16, "cache": folder} | changes)


def entries(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file() and path.suffix != ".TAG")


def opened(folder: Path, **changes: Any) -> PixelCache:
    cache = open_cache(data(folder, **changes), "a")
    assert cache is not None
    return cache


def fail() -> Pixels:
    raise AssertionError("the file was decoded")


def flat(value: int, side: int = 8) -> Callable[[], Pixels]:
    return lambda: np.full((side, side, 3), value, np.uint8)


@pytest.mark.parametrize("changes", [
    {}, {"resize": "short"}, {"resize": "none"}, {"draft": True}, {"flip": False},
    {"channels_a": 1, "flip": False}, {"augment": [{"ColorJitter": {"p": 1}}]},
])  # fmt: skip
def test_crops_are_equal_without_a_cache_with_an_empty_one_and_with_a_full_one(
    changes: dict[str, Any], photos: Photos, folder: Path
) -> None:
    files = sorted(photos(size=(60, 44), suffix=".jpg").iterdir())
    plain, cached = Crops(data(None, **changes)), Crops(data(folder, **changes))
    for crops in (cached, cached, Crops(data(folder, **changes))):
        for seed, path in enumerate(files):
            assert crops(path, "a", seed).equal(plain(path, "a", seed))
    assert len(entries(folder)) == len(files)


def test_an_image_is_decoded_once(photos: Photos, folder: Path) -> None:
    path = next(photos().iterdir())
    pixels = read_resized(path, "a", data(None))
    assert np.array_equal(opened(folder).read(path, lambda: pixels), pixels)
    assert np.array_equal(opened(folder).read(path, fail), pixels)


def test_writing_into_pixels_does_not_change_the_cache(photos: Photos, folder: Path) -> None:
    path, cache = next(photos().iterdir()), opened(folder)
    cache.read(path, flat(5))
    cache.read(path, fail)[:] = 9
    assert (cache.read(path, fail) == 5).all()


def test_a_file_that_changes_gives_its_new_pixels_even_with_its_old_length_and_time(
    tmp_path: Path, folder: Path
) -> None:
    path, times, cache = tmp_path / "image.bmp", [], opened(folder)
    for value in (10, 20, 30):
        Image.new("RGB", (18, 18), (value,) * 3).save(path)
        os.utime(path, ns=(1, 1))
        status = path.stat()
        times.append((status.st_size, status.st_mtime_ns))
        for reader in (cache, opened(folder)):
            pixels = reader.read(path, lambda: read_resized(path, "a", data(None)))
            assert (pixels == value).all()
        time.sleep(0.02)  # the clock of a file system ticks
    assert len(set(times)) == 1


def test_a_file_that_has_just_changed_is_not_cached(
    photos: Photos, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its times could be equal after a second change within the same tick."""
    monkeypatch.setattr(module, "SETTLED", 3600 * 10**9)
    path, cache = next(photos().iterdir()), opened(folder)
    assert [cache.read(path, flat(value)).max() for value in (1, 2)] == [1, 2]
    assert entries(folder) == []


def test_a_file_that_changes_while_it_is_decoded_is_not_cached(
    photos: Photos, folder: Path
) -> None:
    path = next(photos().iterdir())

    def replaced() -> Pixels:
        path.write_bytes(b"another")
        return flat(1)()

    assert (opened(folder).read(path, replaced) == 1).all()
    assert entries(folder) == []


@pytest.mark.parametrize("changes", [
    {"load_size": 19}, {"resize": "short"}, {"resize": "none"}, {"draft": True},
])  # fmt: skip
def test_other_settings_have_separate_entries(
    changes: dict[str, Any], photos: Photos, folder: Path
) -> None:
    path = next(photos().iterdir())
    opened(folder).read(path, flat(1))
    assert (opened(folder, **changes).read(path, flat(2)) == 2).all()
    grey = open_cache(data(folder, channels_a=1), "a")
    assert grey is not None
    assert (grey.read(path, flat(3)) == 3).all()


@pytest.mark.parametrize("changes", [
    {"crop_size": 17}, {"flip": False}, {"augment": [{"ColorJitter": {}}]}, {"max_images": 3},
])  # fmt: skip
def test_settings_after_the_resize_do_not_change_entries(
    changes: dict[str, Any], photos: Photos, folder: Path
) -> None:
    path = next(photos().iterdir())
    opened(folder).read(path, flat(1))
    assert (opened(folder, **changes).read(path, fail) == 1).all()


def cut(entry: Path) -> None:
    os.truncate(entry, entry.stat().st_size - 1)


def emptied(entry: Path) -> None:
    os.truncate(entry, 0)


def headless(entry: Path) -> None:
    os.truncate(entry, HEADER.size - 1)


def flipped(entry: Path) -> None:
    content = bytearray(entry.read_bytes())
    content[-1] ^= 1
    entry.write_bytes(content)


def foreign(entry: Path) -> None:
    entry.write_bytes(b"something else" + entry.read_bytes())


@pytest.mark.parametrize("damage", [cut, emptied, headless, flipped, foreign])
def test_a_damaged_entry_is_replaced(
    damage: Callable[[Path], None], photos: Photos, folder: Path
) -> None:
    path = next(photos().iterdir())
    opened(folder).read(path, flat(1))
    (entry,) = entries(folder)
    whole = entry.read_bytes()
    damage(entry)
    assert (opened(folder).read(path, flat(1)) == 1).all()
    assert entry.read_bytes() == whole


def test_a_full_disk_is_reported_once_and_images_are_decoded(
    photos: Photos, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path, *_: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(module, "write_whole", full)
    cache, (first, second, *_) = opened(folder), sorted(photos().iterdir())
    with pytest.warns(UserWarning, match=r"data\.cache: no longer written: .*No space"):
        assert (cache.read(first, flat(1)) == 1).all()
    assert (cache.read(second, flat(2)) == 2).all()  # a second warning would be an error


def test_a_cache_that_cannot_be_created_is_rejected_by_its_key(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(ValueError, match=r"data\.cache: .*file/cache"):
        opened(tmp_path / "file" / "cache")


def test_the_folder_stays_below_its_limit_and_keeps_what_is_in_use(
    photos: Photos, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SHARDS", 1)
    one, two, three, four = sorted(photos(count=4).iterdir())
    entry_size = HEADER.size + flat(0)().nbytes
    monkeypatch.setattr(
        PixelCache, "key", lambda self, path, stamp: bytes.fromhex(f"00{named(path)}")
    )
    old = PixelCache(folder, 2 * entry_size, "")
    for path in (one, two):
        old.read(path, flat(1))
    for age, path in enumerate(entries(folder)):
        os.utime(path, (age, age))
    new = PixelCache(folder, 2 * entry_size, "")
    new.read(two, fail)  # is used from now on
    new.read(three, flat(3))  # in place of one
    new.read(four, flat(4))  # no room: two and three are in use
    assert [path.name for path in entries(folder)] == [named(two), named(three)]
    assert (new.read(four, flat(5)) == 5).all()


def named(path: Path) -> str:
    """Return a possible name of an entry, in the order of the files."""
    return f"{int(path.stem):062x}"


def test_the_size_of_a_cache_is_reported(photos: Photos, folder: Path) -> None:
    cache = opened(folder, cache_gb=3)
    for path in photos(count=3).iterdir():
        cache.read(path, flat(1, side=1000))
    assert cache.describe() == f"data.cache: {folder} holds 3 images, 0.01 GB of 3 at most"


def fill(folder: Path, files: list[Path], passes: int) -> None:
    crops = Crops(data(folder))
    for seed in range(passes):
        for path in files:
            crops(path, "a", seed)


@FORKS
def test_several_processes_fill_a_cache_at_once(photos: Photos, folder: Path) -> None:
    files = sorted(photos(count=12, size=(90, 80)).iterdir())
    processes = [FORK.Process(target=fill, args=(folder, files, 2)) for _ in range(3)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
        assert process.exitcode == 0
    assert len(entries(folder)) == len(files)
    cache = opened(folder)
    for path in files:
        assert np.array_equal(cache.read(path, fail), read_resized(path, "a", data(None)))


@FORKS
@pytest.mark.skipif(os.name != "posix", reason="no SIGKILL here")
def test_a_killed_process_leaves_no_wrong_entries(photos: Photos, folder: Path) -> None:
    files = sorted(photos(count=40, size=(90, 80)).iterdir())
    plain = [read_resized(path, "a", data(None)) for path in files]
    for wait in (0.0, 0.02, 0.05):
        process = FORK.Process(target=fill, args=(folder, files, 1))
        process.start()
        while wait and not folder.exists():
            time.sleep(0.001)
        time.sleep(wait)
        os.kill(process.pid or 0, signal.SIGKILL)
        process.join(60)
    cache = opened(folder)
    for path, pixels in zip(files, plain, strict=True):
        assert np.array_equal(cache.read(path, partial(np.copy, pixels)), pixels)
        assert np.array_equal(cache.read(path, fail), pixels)


def test_incomplete_files_of_a_killed_process_are_removed(photos: Photos, folder: Path) -> None:
    path, cache = next(photos().iterdir()), opened(folder)
    key = cache.key(path, stamp_of(path))
    assert key is not None
    shard = cache.place(key).parent
    shard.mkdir(parents=True)
    (shard / f".{'0' * 32}.part").write_bytes(b"half")
    cache.read(path, flat(1))
    assert entries(folder) == [cache.place(key)]


def test_a_folder_with_other_files_is_rejected_and_none_is_removed(tmp_path: Path) -> None:
    """Whatever the names in the folder are, and however small the cache is."""
    folder = tmp_path / "mine"
    (folder / "ab").mkdir(parents=True)
    photograph = folder / "ab" / "holiday.jpg"
    photograph.write_bytes(bytes(10**6))
    with pytest.raises(ValueError, match="holds other files: name an empty folder"):
        opened(folder)
    (folder / "CACHEDIR.TAG").touch()  # as if it had been made for a cache
    cache = PixelCache(folder, 256 * 5000, "")
    os.utime(photograph, (0, 0))
    for number in range(40):
        cache.store(folder / "ab" / f"{number:062x}", flat(number, 30)())
    assert photograph.stat().st_size == 10**6


def test_a_cache_among_the_images_is_rejected(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"is inside data\.root"):
        open_cache(data(tmp_path / "trainA" / "cache", root=tmp_path), "a")


def test_images_that_are_too_large_for_the_limit_are_reported_once(tmp_path: Path) -> None:
    cache = PixelCache(tmp_path, 256 * 100, "")
    with pytest.warns(UserWarning, match=r"set data\.cache_gb to"):
        cache.store(tmp_path / "ab" / ("a" * 62), flat(1, 30)())
    cache.store(tmp_path / "ab" / ("b" * 62), flat(1, 30)())  # warnings are errors here


def test_a_process_hashes_each_file_once_and_holds_no_objects_for_it(
    photos: Photos, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache, files = opened(folder), sorted(photos(count=3).iterdir())
    hashed: list[Path] = []

    def noted(path: Path) -> str:
        hashed.append(path)
        return file_sha256(path)

    monkeypatch.setattr(module, "file_sha256", noted)
    for path in 2 * files:
        cache.read(path, flat(1))
    assert hashed == files
    assert len(cache.known) == 3
    os.utime(files[0], (1, 1))
    cache.read(files[0], flat(1))
    assert hashed == [*files, files[0]]
    assert not any(isinstance(part, Path) for part in gc.get_referents(vars(cache.known)))
