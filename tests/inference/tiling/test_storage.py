"""Maps in files: lines are read as written, in order, and no files remain."""

import errno
import os
import random
import shutil
from pathlib import Path
from time import sleep

import pytest
import torch

from gan.inference.tiling.local import Span
from gan.inference.tiling.storage import Lanes, scratch_maps


def test_any_lines_are_read_as_they_were_written(tmp_path: Path) -> None:
    dice = random.Random(0)
    whole = torch.randn(1, 3, 20, 7)
    with scratch_maps(tmp_path, 2, 3, 20, 7) as (first, second):
        for start in range(0, 20, 5):
            first.write(start, whole[:, :, start : start + 5])
            second.write(start, -whole[:, :, start : start + 5])
        for _ in range(30):
            start = dice.randrange(20)
            span = Span(start, dice.randint(start + 1, 20))
            lines = first.read(span)
            assert lines.is_contiguous(memory_format=torch.channels_last)
            assert torch.equal(lines, whole[:, :, span.start : span.stop])
            assert torch.equal(second.read(span), -lines)


def test_files_have_no_name_while_they_are_open(tmp_path: Path) -> None:
    """So that a killed process leaves no files."""
    with scratch_maps(tmp_path, 2, 3, 20, 7) as maps:
        sizes = [os.fstat(one.descriptor).st_size for one in maps]
        assert sizes == [4 * 3 * 20 * 7] * 2
        assert list(tmp_path.iterdir()) == []


def test_too_little_space_is_reported_before_anything_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage(tmp_path)._replace(free=2 * 1680 - 1)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    with (
        pytest.raises(OSError, match=r"3360 bytes are needed .* 3359 are free") as caught,
        scratch_maps(tmp_path, 2, 3, 20, 7),
    ):
        pytest.fail("begun all the same")
    assert caught.value.errno == errno.ENOSPC
    assert caught.value.filename == str(tmp_path)


def test_a_disk_that_fills_up_meanwhile_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "pwritev", full)

    def write() -> None:
        with scratch_maps(tmp_path, 2, 3, 20, 7) as (first, _), Lanes() as lanes:
            lanes.write(first, 0, torch.zeros(1, 3, 2, 7))
            lanes.finish()

    with pytest.raises(OSError, match="3360 bytes are needed") as caught:
        write()
    assert caught.value.filename == str(tmp_path)


def test_lines_are_overwritten_only_after_the_next_ones_are_read(tmp_path: Path) -> None:
    """The second read includes lines that the first band overwrites."""

    def slow() -> torch.Tensor:
        sleep(0.1)  # enough for a write that would not wait
        return only.read(Span(0, 8))

    with scratch_maps(tmp_path, 1, 1, 8, 2) as (only,), Lanes() as lanes:
        only.write(0, torch.ones(1, 1, 8, 2))
        bands = lanes.ahead([lambda: only.read(Span(0, 4)), slow])
        first = next(bands)
        lanes.write(only, 0, first + 1)
        assert torch.equal(next(bands), torch.ones(1, 1, 8, 2))
        lanes.finish()
        assert torch.equal(only.read(Span(0, 4)), torch.full((1, 1, 4, 2), 2.0))


def test_the_next_pass_reads_what_the_last_one_wrote(tmp_path: Path) -> None:
    with scratch_maps(tmp_path, 1, 1, 8, 2) as (only,), Lanes() as lanes:
        for turn in range(20):
            for start in range(8):
                lanes.write(only, start, torch.full((1, 1, 1, 2), float(turn)))
            (lines,) = lanes.ahead([lambda: only.read(Span(0, 8))])
            assert torch.equal(lines, torch.full((1, 1, 8, 2), float(turn)))


def test_an_error_while_reading_reaches_the_reader(tmp_path: Path) -> None:
    def broken() -> torch.Tensor:
        raise OSError("unreadable")

    with scratch_maps(tmp_path, 1, 1, 8, 2) as (only,), Lanes() as lanes:
        bands = lanes.ahead([lambda: torch.zeros(1, 1, 1, 2), broken])
        lanes.write(only, 0, next(bands))
        with pytest.raises(OSError, match="unreadable"):
            next(bands)
