"""The memory for reading is bounded: in one thread, in several, and in loader workers."""

import multiprocessing
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import numpy as np
import pytest
import tifffile
from PIL import Image

from gan.cli.main import main
from gan.config import DataConfig
from gan.data import index_folder
from gan.images import ImageError, read_image, read_picture, read_pixels, read_size
from gan.images.budget import Budget, limit_decoding, needed
from gan.images.reader import opened
from tests.support.commands import inspect_folders

MAX = DataConfig().max_decoded_mb
SIDE = 1500
"""Size of images whose reading is measured: 2.2 megapixels."""


@pytest.fixture(autouse=True)
def put_back() -> Iterator[None]:
    yield
    limit_decoding(MAX)


def test_an_image_that_exceeds_the_budget_is_rejected_before_decoding(tmp_path: Path) -> None:
    Image.new("1", (4000, 4000)).save(tmp_path / "a.png")
    limit_decoding(100)
    for read in (read_image, read_picture, read_pixels):
        with pytest.raises(ImageError, match=r"a\.png: would take 304 MB to read; at most 100 are"):
            read(tmp_path / "a.png")
    assert read_size(tmp_path / "a.png") == (4000, 4000)


@pytest.mark.parametrize("context", [threading, multiprocessing.get_context()])
def test_several_readers_together_stay_within_the_budget(context: object) -> None:
    budget, lock = Budget(100, context), threading.Lock()
    present, most = 0.0, 0.0

    def hold(megabytes: float) -> None:
        nonlocal present, most
        with budget.held(megabytes * 1e6):
            with lock:
                present += megabytes
                most = max(most, present)
            time.sleep(0.002)
            with lock:
                present -= megabytes

    sizes = np.random.default_rng(0).choice([10.0, 30, 50, 60, 100], 60)
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(hold, sizes))
    assert 60 < most <= 100
    with budget.held(100e6):  # everything was released
        pass


def test_an_error_releases_the_budget() -> None:
    budget = Budget(100)
    for _ in range(3):
        with pytest.raises(KeyError), budget.held(100e6):
            raise KeyError


def test_commands_and_training_name_the_key(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("trainA", "trainB"):
        (tmp_path / name).mkdir()
        Image.new("RGB", (800, 800)).save(tmp_path / name / "a.png")
    limit_decoding(11)
    with pytest.raises(ValueError, match=r"a\.png: would take 12.16 MB .*max_decoded_mb"):
        index_folder(tmp_path / "trainA", max_images=None, max_unreadable=0.1)
    assert inspect_folders(tmp_path, max_decoded_mb=11) == 1
    assert "would take 12.16 MB" in capsys.readouterr().out
    options = ["--data.root", str(tmp_path), "--run.dir", str(tmp_path / "run")]
    assert main(["train", *options, "--data.max_decoded_mb", "11", "--run.device", "cpu"]) == 1
    assert "would take 12.16 MB" in capsys.readouterr().err


MEASURE = """
import sys
from pathlib import Path
from gan.images import read_image, read_picture, read_pixels, read_with_traits

def memory(key):
    return int(Path("/proc/self/status").read_text().partition(key)[2].split()[0]) * 1024

small, *paths = map(Path, sys.argv[1:])
for path in (small, *paths):
    ranges = [] if path.name in ("deep.jp2", "cmyk.jpg") else [(0, 200)]
    Path("/proc/self/clear_refs").write_text("5")  # resets the peak
    before = memory("VmRSS:")
    for read in (read_image, read_picture, read_pixels, read_with_traits):
        read(path)
    for values in ranges:
        read_picture(path, values=values)
        read_pixels(path, values=values)
    print(path.name, memory("VmHWM:") - before)
"""


def pictures(folder: Path) -> Iterator[Path]:
    rng = np.random.default_rng(0)
    coarse = rng.integers(0, 256, (40, 40, 4), np.uint8)
    four = cv2.resize(coarse, (SIDE, SIDE), interpolation=cv2.INTER_CUBIC)
    rgb, turned = Image.fromarray(four[:, :, :3]), Image.Exif()
    turned[274] = 6
    rgb.save(folder / "turned.jpg", exif=turned, progressive=True)
    rgb.save(folder / "lossless.webp", lossless=True, method=0)
    rgb.convert("P").save(folder / "palette.png", transparency=3)
    rgb.convert("CMYK").save(folder / "cmyk.jpg")
    cv2.imwrite(str(folder / "deep.png"), four.astype(np.uint16) * 257)
    cv2.imwrite(str(folder / "deep.jp2"), four[:, :, :3].astype(np.uint16) * 257)
    Image.fromarray(four[:, :, 0] / np.float32(255)).save(folder / "floats.tif")
    for dtype in (np.float32, np.float64):
        unit = (four[:, :, :3] / 255).astype(dtype)
        tifffile.imwrite(folder / f"{dtype.__name__}.tif", unit, photometric="rgb")
    tifffile.imwrite(folder / "grey.tif", four[:, :, 0] / 255, compression="zlib")
    yield from folder.iterdir()


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_reading_takes_no_more_memory_than_estimated(tmp_path: Path) -> None:
    Image.new("RGB", (20, 20)).save(small := tmp_path / "small.png")
    (tmp_path / "large").mkdir()
    paths = list(pictures(tmp_path / "large"))
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, small, *paths], capture_output=True, text=True, timeout=90
    )
    assert done.returncode == 0, done.stderr
    taken = dict(line.split() for line in done.stdout.splitlines()[1:])
    assert len(taken) == len(paths)
    for path in paths:
        with opened(path, MAX, pixels=False) as (image, _):
            counted = needed(image)
        # A library's own buffers and the file, some megabytes, do not grow with the pixels.
        assert int(taken[path.name]) < 1.1 * counted + 8e6, path.name
