"""Uploaded clips: their translation, their limits, and that no files remain."""

import sys
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from gan.inference.translator import Translator
from gan.serve.clips import ClipTask
from gan.serve.models import Choice
from gan.serve.studio import RejectedError, Studio, Turn, Wish
from tests.support.clips import panned, read_clip, sound_of, write_clip
from tests.support.standin import LIMITS

av = pytest.importorskip("av", reason="needs the extra `video`")

NEGATIVE = 0
FRAMES = LIMITS.max_clip_frames


def task(studio: Studio, source: Path, choice: int = NEGATIVE, **wish: Any) -> ClipTask:
    target = studio.folder / "results" / "out.mp4"
    return ClipTask(studio, source, target, Wish(studio.choices[choice], **wish))


def left(studio: Studio) -> list[Path]:
    """Return the files in the visitors' folder."""
    return [path for path in studio.folder.rglob("*") if path.is_file()]


@pytest.mark.parametrize("strength", [1, 0])
def test_the_negative_of_a_clip_has_its_size_times_and_sound(
    strength: float, studio: Studio, tmp_path: Path
) -> None:
    source = write_clip(tmp_path / "in.mp4", panned(6), pts=[0, 3000, 6100, 9000, 15000, 18000],
                        sound=True)  # fmt: skip
    work = task(studio, source, strength=strength)
    work.run()
    before, times, _ = read_clip(source)
    after, same, _ = read_clip(work.target)
    assert same == times
    for old, new in zip(before, after, strict=True):
        wanted = 255 - old.astype(int) if strength else old.astype(int)
        assert np.abs(wanted - new).mean() < 3
    np.testing.assert_array_equal(sound_of(work.target), sound_of(source))
    assert left(studio) == [work.target]
    assert (work.done, work.total) == (6, 6)
    assert "warping error" in work.remarks[-1]


def bad(folder: Path) -> dict[str, Path]:
    """Write clips that are rejected; return them by a part of the reason."""
    long = [0, 3000, round(90000 * (LIMITS.max_clip_seconds + 1))]
    whole = write_clip(folder / "whole.mp4", panned(30)).read_bytes()
    (folder / "cut.mp4").write_bytes(whole[: len(whole) // 2])
    (folder / "text.mp4").write_text("no video")
    (folder / "empty.mp4").write_bytes(b"")
    return {
        "Invalid data": folder / "cut.mp4",
        "another kind of file": folder / "text.mp4",
        "is empty": folder / "empty.mp4",
        f"a clip of more than {FRAMES} frames": write_clip(
            folder / "many.mp4", panned(1) * (FRAMES + 1)
        ),
        f"a clip of more than {LIMITS.max_clip_seconds:g} seconds": write_clip(
            folder / "long.mp4", panned(3), pts=long
        ),
        "frames of more than 0.1 megapixels": write_clip(
            folder / "large.mp4", [np.zeros((400, 400, 3), np.uint8)]
        ),
        "at least 16": write_clip(folder / "small.mp4", panned(2, (14, 14))),
    }


def test_a_clip_that_cannot_be_translated_gets_a_sentence_and_leaves_nothing(
    studio: Studio, tmp_path: Path
) -> None:
    for reason, source in bad(tmp_path).items():
        with pytest.raises(RejectedError) as found:
            task(studio, source).run()
        text = str(found.value)
        assert reason in text
        assert "\n" not in text
        assert str(tmp_path) not in text
        assert left(studio) == []


def test_without_the_extra_a_clip_gets_a_sentence(
    studio: Studio, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = write_clip(tmp_path / "in.mp4", panned(2))
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(RejectedError, match="pip install"):
        task(studio, source).run()


class Slow(nn.Module):
    """Stops its task in the second frame."""

    def __init__(self) -> None:
        super().__init__()
        self.calls, self.stop = 0, threading.Event()

    def forward(self, x: Tensor) -> Tensor:
        self.calls += 1
        if self.calls == 2:
            self.stop.set()
        return x


def test_a_task_that_is_stopped_ends_after_its_frame_and_leaves_nothing(
    studio: Studio, tmp_path: Path
) -> None:
    source, network = write_clip(tmp_path / "in.mp4", panned(9)), Slow()
    studio.choices.append(Choice("slow", "ab", Translator(network, 3, torch.device("cpu"))))
    work = task(studio, source, choice=-1)
    work.stopped = network.stop
    with pytest.raises(RejectedError, match="stopped"):
        work.run()
    assert network.calls == 2
    assert left(studio) == []


def test_a_closed_studio_begins_no_clip(studio: Studio, tmp_path: Path) -> None:
    source = write_clip(tmp_path / "in.mp4", panned(2))
    studio.close()
    with pytest.raises(RejectedError, match="stopped"):
        task(studio, source).run()


def test_who_lets_go_of_the_turn_comes_after_who_waits() -> None:
    turn, order = Turn(), list[str]()

    def other() -> None:
        with turn:
            order.append("other")

    thread = threading.Thread(target=other)
    with turn:
        thread.start()
        while not turn.next.locked():  # until the other one waits
            pass
    with turn:
        order.append("own")
    thread.join()
    assert order == ["other", "own"]


def test_files_in_a_folder_that_is_kept_are_needed(studio: Studio) -> None:
    inner = studio.folder / "work" / "deep" / "0.part"
    with studio.keep([studio.folder / "work"]):
        assert studio.needed(inner)
    assert not studio.needed(inner)
