"""Clips keep their size, times, colors and sound; shots and interruptions change nothing."""

import os
import shutil
import subprocess
import sys
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from gan.inference.translator import Translator
from gan.inference.video import parts, shots
from gan.inference.video.clips import translate_clips
from gan.inference.video.plan import clip_targets, plan_clips
from gan.inference.video.settings import Settings, Translation
from gan.inference.video.shots import work_folder
from gan.system.processes import Processes
from tests.support.clips import STEP, TICK, Pixels, panned, read_clip, sound_of, write_clip
from tests.support.commands import translate_folder
from tests.support.generators import write_generator
from tests.support.launching import ROOT, TORCHRUN, environment

av = pytest.importorskip("av", reason="needs the extra `video`")

VARIABLE = [0, 3000, 5999, 9100, 12001, 12345, 18000, 21013, 90000, 95000]
"""Time stamps in ticks of a 90000th of a second."""


def translate(source: Path, target: Path, network: nn.Module | None = None, **changes: Any) -> None:
    """Translate a clip, by default with a network that returns its input."""
    translator = Translator(network or nn.Identity(), 3, torch.device("cpu"))
    method = Translation(translator, changes.pop("steady", "flow"))
    settings: dict[str, Any] = {
        "quality": 100, "scratch": None, "max_megapixels": 178, "overwrite": False,
    }  # fmt: skip
    clips = plan_clips(clip_targets([source], source, target), source, False, 178)
    assert translate_clips(clips.jobs, Settings(method, **settings | changes), Processes()) == []


@pytest.fixture
def random_generator(tmp_path: Path) -> nn.Module:
    path = write_generator(tmp_path / "model" / "gen_ab.safetensors", channels=4)
    return Translator.load(path, device="cpu").network


@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".mkv", ".webm"])
@pytest.mark.parametrize(("matrix", "full", "format", "size"), [
    (1, False, "yuv420p", (64, 48)),
    (6, False, "yuv422p", (64, 48)),
    (1, True, "yuv444p", (63, 47)),
    (6, True, "yuv420p", (48, 64)),
])  # fmt: skip
def test_an_identity_keeps_size_colors_and_tags(
    suffix: str, matrix: int, full: bool, format: str, size: tuple[int, int], tmp_path: Path
) -> None:
    smooth = [np.array(np.stack([np.full((size[1], size[0]), 20 * n + c) for c in (9, 30, 80)], 2),
                       np.uint8) for n in range(5)]  # fmt: skip
    source = tmp_path / ("in.mkv" if suffix == ".webm" else f"in{suffix}")
    write_clip(source, smooth, format=format, full=full, matrix=matrix)
    translate(source, tmp_path / f"out{suffix}", steady="none")
    before, _, old = read_clip(source)
    after, _, new = read_clip(tmp_path / f"out{suffix}")
    assert [frame.shape for frame in after] == [frame.shape for frame in before]
    assert max(np.abs(a.astype(int) - b).max() for a, b in zip(after, before, strict=True)) <= 2
    for tag in ("color_range", "colorspace", "color_primaries", "color_trc"):
        assert getattr(new, tag) == getattr(old, tag), tag
    assert new.pix_fmt.replace("yuvj", "yuv") == old.pix_fmt.replace("yuvj", "yuv")


@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".mkv"])
def test_times_are_kept_to_the_tick_and_sound_to_the_sample(suffix: str, tmp_path: Path) -> None:
    source = write_clip(tmp_path / f"in{suffix}", panned(10), pts=VARIABLE, sound=True)
    translate(source, tmp_path / f"out{suffix}")
    _, before, _ = read_clip(source)
    _, after, _ = read_clip(tmp_path / f"out{suffix}")
    assert after == before
    if suffix != ".mkv":  # Matroska counts milliseconds
        assert after == [ticks * TICK for ticks in VARIABLE]
    assert np.array_equal(sound_of(tmp_path / f"out{suffix}"), sound_of(source))


def test_metadata_subtitles_and_chapters_are_kept(tmp_path: Path) -> None:
    plain = write_clip(tmp_path / "plain.mkv", panned(30))
    source, out = tmp_path / "in.mkv", tmp_path / "out.mkv"
    with av.open(str(plain)) as original, av.open(str(source), "w") as container:
        stream = container.add_stream_from_template(original.streams.video[0])
        words = container.add_mux_stream("subrip", time_base=Fraction(1, 1000))
        words.metadata["language"] = "fin"
        container.metadata["title"] = "Tove"
        container.set_chapters([
            {"id": 1, "start": 0, "end": 45000, "time_base": TICK, "metadata": {"title": "I"}}
        ])  # fmt: skip
        for packet in original.demux():
            if packet.dts is not None:
                packet.stream = stream
                container.mux(packet)
        text = av.Packet("Hyvää päivää".encode())
        text.pts = text.dts = 200
        text.duration, text.time_base, text.stream = 300, Fraction(1, 1000), words
        container.mux(text)
    translate(source, out)
    with av.open(str(out)) as container:
        assert container.metadata["title"] == "Tove"
        assert container.chapters()[0]["metadata"]["title"] == "I"
        words = container.streams.subtitles[0]
        assert words.metadata["language"] == "fin"
        (text, *_) = [packet for packet in container.demux(words) if packet.size]
        assert (bytes(text), text.pts, text.duration) == ("Hyvää päivää".encode(), 200, 300)


def test_a_turned_clip_is_written_upright(tmp_path: Path) -> None:
    source = write_clip(tmp_path / "in.mp4", panned(3), rotation=90)
    translate(source, tmp_path / "out.mp4")
    with av.open(str(source)) as container:
        rotation = next(container.decode(video=0)).rotation
    assert rotation % 360 in (90, 270)
    before, _, _ = read_clip(source)
    after, _, _ = read_clip(tmp_path / "out.mp4")
    upright = np.rot90(before[0], rotation // 90)
    assert after[0].shape == upright.shape
    assert np.abs(after[0].astype(int) - upright).mean() < 3
    with av.open(str(tmp_path / "out.mp4")) as container:
        assert next(container.decode(video=0)).rotation == 0


def test_a_still_clip_gives_identical_frames(tmp_path: Path, random_generator: nn.Module) -> None:
    source = write_clip(tmp_path / "in.mp4", panned(1) * 6)
    translate(source, tmp_path / "out.mp4", random_generator)
    first, *others = read_clip(tmp_path / "out.mp4")[0]
    assert all(np.array_equal(other, first) for other in others)


@pytest.mark.parametrize("steady", ["statistics", "flow"])
def test_cuts_do_not_bleed(steady: str, tmp_path: Path, random_generator: nn.Module) -> None:
    """The frames of a shot in a clip equal those of the shot alone."""
    first, second = panned(9, seed=1), panned(8, seed=2)
    both = write_clip(tmp_path / "both.mp4", first + second)
    alone = write_clip(tmp_path / "alone.mp4", second)
    for source in (both, alone):
        translate(source, tmp_path / f"out-{source.name}", random_generator, steady=steady)
    joined, _, _ = read_clip(tmp_path / "out-both.mp4")
    assert len(joined) == 17
    for found, expected in zip(joined[9:], read_clip(tmp_path / "out-alone.mp4")[0], strict=True):
        assert np.array_equal(found, expected)


class Killed(BaseException):
    """Stands for SIGKILL: nothing handles it."""


@pytest.mark.parametrize("steady", ["none", "statistics", "flow"])
def test_a_clip_that_was_killed_ten_times_is_equal_in_every_byte(
    steady: str, tmp_path: Path, random_generator: nn.Module, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed before and after the state or the part of a segment is there."""
    monkeypatch.setattr(shots, "SEGMENT", 4)
    source = write_clip(tmp_path / "in.mp4", panned(20, seed=1) + panned(7, seed=2), sound=True)
    run = partial(translate, source, network=random_generator, steady=steady, quality=95)
    run(tmp_path / "straight.mp4")
    target, rng, kills = tmp_path / "killed.mp4", np.random.default_rng(0), 0
    write_part, write_state = parts.write_part, parts.write_state

    def killing(write: Any, *arguments: Any) -> None:
        nonlocal kills
        moment = rng.integers(4) if kills < 10 else 3
        if moment == 0:
            kills += 1
            raise Killed
        write(*arguments)
        if moment == 1:
            kills += 1
            raise Killed

    monkeypatch.setattr(parts, "write_part", partial(killing, write_part))
    monkeypatch.setattr(parts, "write_state", partial(killing, write_state))
    while not target.exists():
        try:
            run(target)
        except Killed:
            assert work_folder(target).is_dir()
    assert kills >= 5
    assert target.read_bytes() == (tmp_path / "straight.mp4").read_bytes()
    assert not work_folder(target).exists()


def test_other_settings_do_not_use_old_segments(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = write_clip(tmp_path / "in.mp4", panned(6))
    translate(source, tmp_path / "straight.mp4", quality=60)
    with monkeypatch.context() as patch:
        patch.setattr("gan.inference.video.clips.write_clip", _stop)
        with pytest.raises(Killed):
            translate(source, tmp_path / "out.mp4", quality=90)
    translate(source, tmp_path / "out.mp4", quality=60)
    assert (tmp_path / "out.mp4").read_bytes() == (tmp_path / "straight.mp4").read_bytes()


def _stop(*_: object) -> list[str]:
    raise Killed


def test_two_processes_write_the_same_files_as_one(tmp_path: Path) -> None:
    """Shots are shared, also those of one clip."""
    folder = tmp_path / "clips"
    folder.mkdir()
    write_clip(folder / "a.mp4", panned(9, seed=1) + panned(8, seed=2) + panned(9, seed=3))
    write_clip(folder / "b.mkv", panned(5, seed=4))
    write_clip(folder / "c.mp4", panned(5, seed=5), sound=True)
    model = write_generator(tmp_path / "gen_ab.safetensors")
    arguments = ["--device", "cpu", "--threads", "1", "--model", str(model), "--input", str(folder)]
    for name, launcher in (("one", []), ("two", TORCHRUN)):
        script = [str(ROOT / "scripts" / "translate.py"), *arguments]
        done = subprocess.run(
            [sys.executable, *launcher, *script, "--output", str(tmp_path / name)],
            capture_output=True, text=True, timeout=200, cwd=ROOT, env=environment(),
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        assert done.stderr.count("3 of 3 clips translated") == 1, done.stderr
        assert done.stderr.count("3 shots") == 1
    for name in ("a.mp4", "b.mkv", "c.mp4"):
        assert (tmp_path / "two" / name).read_bytes() == (tmp_path / "one" / name).read_bytes()
    assert sorted(os.listdir(tmp_path / "two")) == ["a.mp4", "b.mkv", "c.mp4"]


def test_clips_in_a_folder_are_translated_beside_images(
    tmp_path: Path, generator_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, out = tmp_path / "in", tmp_path / "out"
    (folder / "sub").mkdir(parents=True)
    write_clip(folder / "sub" / "clip.mp4", panned(5))
    write_clip(folder / "sub" / "old.avi", panned(3), codec="ffv1", format="yuv420p")
    shutil.copy(ROOT / "docs" / "demo.jpg", folder / "still.jpg")
    assert translate_folder(generator_file, folder, out, device="cpu", size=32) == 0
    assert {path.name for path in out.rglob("*.*")} == {"still.jpg", "clip.mp4", "old.mkv"}
    said = capsys.readouterr().err
    assert "1 of 1 image translated" in said
    assert "2 of 2 clips translated" in said
    assert "warping error" in said
    before = (out / "sub" / "clip.mp4").stat().st_mtime_ns
    assert translate_folder(generator_file, folder, out, device="cpu", size=32) == 0
    assert "0 of 2 clips translated" in capsys.readouterr().err
    assert (out / "sub" / "clip.mp4").stat().st_mtime_ns == before


def test_a_gray_generator_and_tiles_translate_clips(tmp_path: Path) -> None:
    source = write_clip(tmp_path / "in.mp4", panned(4))
    gray = write_generator(tmp_path / "g" / "gen_ab.safetensors", in_channels=1, out_channels=1)
    assert translate_folder(gray, source, tmp_path / "gray.mp4", device="cpu") == 0
    frames, times, _ = read_clip(tmp_path / "gray.mp4")
    assert np.ptp(frames[0].astype(int), axis=2).max() <= 3
    assert times == [number * STEP * TICK for number in range(4)]
    color = write_generator(tmp_path / "c" / "gen_ab.safetensors")
    results: list[list[Pixels]] = []
    for name, tile in (("whole", None), ("tiles", 64)):
        place = tmp_path / f"{name}.mp4"
        assert translate_folder(color, source, place, device="cpu", tile=tile, quality=100) == 0
        results.append(read_clip(place)[0])
    for one, other in zip(*results, strict=True):
        assert np.abs(one.astype(int) - other).mean() < 1


def test_clips_that_get_no_comparison_or_format_are_counted(
    tmp_path: Path, generator_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "in").mkdir()
    write_clip(tmp_path / "in" / "clip.mp4", panned(2))
    Image.new("RGB", (32, 32), "teal").save(tmp_path / "in" / "still.png")
    places = tmp_path / "in", tmp_path / "out"
    options: dict[str, Any] = {
        "compare": tmp_path / "both",
        "format": "jpeg",
        "dry_run": True,
        "device": "cpu",
    }
    assert translate_folder(generator_file, *places, **options) == 0
    said = capsys.readouterr().out
    assert "--compare and --format are for images only: ignored for 1 clip" in said
    assert "1 of 1 clip to translate" in said
