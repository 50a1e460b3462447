"""Clips are stylized shot by shot, by both methods, with a small random network."""

from collections.abc import Callable
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from gan.config import PerceptualConfig
from gan.inference.video import parts
from gan.inference.video.shots import work_folder
from gan.stylize import StylizeOptions, clip, stylize
from gan.stylize.brush import Brush
from tests.support.clips import Pixels, panned, read_clip, sound_of, write_clip

pytest.importorskip("av", reason="needs the extra `video`")
Picture = Callable[..., Path]
Paint = Callable[..., list[Pixels]]


@pytest.fixture
def paint(
    tmp_path: Path, picture: Picture, backbone: PerceptualConfig, monkeypatch: pytest.MonkeyPatch
) -> Paint:
    """paint(source, output="out.mp4", **options) -> frames; results lose nothing but YUV."""
    monkeypatch.setattr(clip, "QUALITY", 100)
    given: dict[str, Any] = {"style": [picture("painting.png", 40, 40, seed=1)], "size": 64}
    given |= {"perceptual": backbone, "overwrite": True, "device": "cpu", "steps": 6}
    given |= {"frame_steps": 2}

    def run(source: Path, output: str = "out.mp4", **options: Any) -> list[Pixels]:
        target = tmp_path / output
        config = StylizeOptions(**({"content": source, "output": target} | given | options))
        assert stylize(config) == 0
        if target.suffix == ".png":
            return [np.asarray(Image.open(target))]
        return read_clip(target)[0]

    return run


def distance(one: Pixels, other: Pixels) -> float:
    return float(np.abs(one.astype(int) - other).mean())


def test_paint_moves_with_the_picture(
    paint: Paint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each frame moves by a pixel; painted from noise, frames by themselves have nothing common."""
    source = write_clip(tmp_path / "in.mp4", panned(5, seed=1))
    starts = []

    def changes(frames: list[Pixels]) -> float:
        return float(np.mean([
            distance(after[8:-8, 8:-9], before[8:-8, 9:-8])
            for before, after in pairwise(frames)
        ]))  # fmt: skip

    steady = changes(paint(source))
    whole = Brush.paint

    def alone(own: Brush, config: StylizeOptions, sources: Any, start: Any) -> Image.Image:
        starts.append(start)
        return whole(own, config.model_copy(update={"seed": len(starts), "init": "noise"}), sources)

    monkeypatch.setattr(Brush, "paint", alone)
    assert steady < 0.5 * changes(paint(source))
    assert [start is None for start in starts] == [True, False, False, False, False]


def test_shots_are_painted_by_themselves_and_their_first_frames_as_photographs(
    paint: Paint, tmp_path: Path
) -> None:
    first, second = panned(2, seed=1), panned(2, seed=2)
    both = paint(write_clip(tmp_path / "both.mp4", first + second))
    source = write_clip(tmp_path / "alone.mp4", second)
    for found, expected in zip(both[2:], paint(source), strict=True):
        np.testing.assert_array_equal(found, expected)
    frame, photo = read_clip(source)[0][0], tmp_path / "frame.png"
    Image.fromarray(frame).save(photo)
    (alone,) = paint(photo, "frame-out.png")
    assert distance(both[2], alone) < 2  # rounding of YUV
    assert distance(both[2], frame) > 5


def test_size_times_and_sound_are_kept_at_a_smaller_size_of_painting(
    paint: Paint, tmp_path: Path
) -> None:
    times = [0, 3000, 7000, 9100]
    source = write_clip(tmp_path / "in.mp4", panned(4), pts=times, sound=True)
    frames = paint(source, size=32)
    assert {frame.shape for frame in frames} == {(48, 64, 3)}
    assert read_clip(tmp_path / "out.mp4")[1] == read_clip(source)[1]
    np.testing.assert_array_equal(sound_of(tmp_path / "out.mp4"), sound_of(source))


class Killed(BaseException):
    """Stands for SIGKILL: nothing handles it."""


def test_a_clip_that_was_killed_is_equal_in_every_byte(
    paint: Paint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    """Killed before the part of the second segment is written."""
    monkeypatch.setattr(clip, "SEGMENT", 2)
    source = write_clip(tmp_path / "in.mp4", panned(4))
    paint(source, "straight.mp4")
    assert "warping error" in capsys.readouterr().err
    write, count = parts.write_part, iter(range(1))

    def killing(*given: Any) -> None:
        if next(count, None) is None:
            raise Killed
        write(*given)

    run = partial(paint, source, "killed.mp4", overwrite=False)
    with monkeypatch.context() as patch:
        patch.setattr(parts, "write_part", killing)
        with pytest.raises(Killed):
            run()
    target = tmp_path / "killed.mp4"
    assert len([*work_folder(target).glob("*.part")]) == 1
    capsys.readouterr()
    run()
    assert "in.mp4: continuing: 2 of 4 frames exist already" in capsys.readouterr().err
    assert target.read_bytes() == (tmp_path / "straight.mp4").read_bytes()
    assert not work_folder(target).exists()
    with pytest.raises(ValueError, match="exists already"):
        run()


def test_a_mask_confines_the_paint(paint: Paint, tmp_path: Path) -> None:
    mask = Image.new("L", (64, 48), "black")
    mask.paste("white", (0, 0, 32, 48))
    mask.save(tmp_path / "left.png")
    source = write_clip(tmp_path / "in.mp4", panned(3))
    painted = paint(source, masks=[tmp_path / "left.png"], size=32)  # half of the clip's size
    for old, new in zip(read_clip(source)[0], painted, strict=True):
        assert distance(old[:, 34:], new[:, 34:]) < 2
        assert distance(old[:, :30], new[:, :30]) > 5


@pytest.mark.parametrize(("options", "message"), [
    ({"sweep": ["steps=1,2"]}, "sweep: content .*in.mp4 is a clip: name a photograph"),
    ({"log": Path("logs")}, "log: content .*in.mp4 is a clip"),
    ({"save_every": 3}, "save_every: content .*in.mp4 is a clip"),
    ({"output": Path("out.png")}, "out.png: clips are written as .mp4"),
])  # fmt: skip
def test_options_of_images_are_rejected(
    options: dict[str, Any], message: str, paint: Paint, tmp_path: Path
) -> None:
    source = write_clip(tmp_path / "in.mp4", panned(2))
    with pytest.raises(ValueError, match=message):
        paint(source, **options)


def test_a_broken_clip_is_named_and_leaves_nothing(paint: Paint, tmp_path: Path) -> None:
    whole = write_clip(tmp_path / "whole.mp4", panned(30)).read_bytes()
    cases = {"text.mp4": b"no video", "cut.mp4": whole[: len(whole) // 2], "empty.mp4": b""}
    before = {"whole.mp4", "painting.png", *cases}
    for name, data in cases.items():
        (tmp_path / name).write_bytes(data)
    for name in [*cases, "missing.mp4"]:
        with pytest.raises(ValueError, match=name):
            paint(tmp_path / name)
    assert {path.name for path in tmp_path.iterdir()} == before
