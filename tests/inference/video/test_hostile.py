"""Damaged and strange clips are named in one line, and leave nothing behind."""

import errno
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor, nn

from gan.images.clips import opened_clip
from gan.images.formats import ImageError
from gan.inference.translator import Translator
from tests.support.clips import panned, read_clip, write_clip
from tests.support.commands import translate_folder

av = pytest.importorskip("av", reason="needs the extra `video`")


def bad_clips(folder: Path) -> dict[str, str]:
    """Write damaged and strange files; return a part of the reason of each."""
    folder.mkdir()
    noise = np.random.default_rng(0).integers(0, 256, (60, 48, 64, 3), np.uint8)
    whole = write_clip(folder / "whole.mp4", [*noise]).read_bytes()
    (folder / "cut.mp4").write_bytes(whole[: len(whole) // 2])
    stream = write_clip(folder / "whole.mkv", [*noise]).read_bytes()
    (folder / "cut.mkv").write_bytes(stream[: len(stream) // 2])
    half = len(stream) // 2
    hole = bytes(byte ^ 0x5A for byte in stream[half : half + half // 2])
    (folder / "hole.mkv").write_bytes(stream[:half] + hole + stream[half + len(hole) :])
    for path in (folder / "whole.mp4", folder / "whole.mkv"):
        path.unlink()
    (folder / "empty.mp4").write_bytes(b"")
    (folder / "text.mp4").write_text("no video")
    write_clip(folder / "small.mp4", panned(3, (14, 14)))
    with av.open(str(folder / "music.mp4"), "w") as container:
        audio = container.add_stream("aac", rate=44100)
        silence = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), "fltp", "mono")
        silence.sample_rate, silence.pts = 44100, 0
        container.mux(audio.encode(silence))
        container.mux(audio.encode(None))
    (folder / "list.mp4").write_text("#EXTM3U\n#EXTINF:1,\ngood.mp4\n#EXT-X-ENDLIST\n")
    return {
        "cut.mp4": "Invalid data",
        "cut.mkv": "after",
        "empty.mp4": "is empty",
        "text.mp4": "another kind of file",
        "small.mp4": "14x14 pixels: both sides must be at least 16",
        "music.mp4": "contains no video",
        "list.mp4": "another kind of file",
    }


def test_bad_clips_are_listed_and_good_ones_translated(
    tmp_path: Path, generator_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, out = tmp_path / "in", tmp_path / "out"
    reasons = bad_clips(folder)
    write_clip(folder / "good.mp4", panned(4))
    assert translate_folder(generator_file, folder, out, device="cpu") == 1
    lines = (out / "failed.tsv").read_text().splitlines()[1:]
    found = dict(line.split("\t") for line in lines)
    assert {Path(path).name for path in found} == {*reasons}
    for path, reason in found.items():
        assert reasons[Path(path).name] in reason
    written = sorted(path.name for path in out.iterdir())
    assert written == ["failed.tsv", "good.mp4", "hole.mkv"]
    # FFmpeg skips what it cannot read; the frames after it keep their times.
    assert "hole.mkv: FFmpeg reports damage" in capsys.readouterr().err
    assert read_clip(out / "hole.mkv")[1] == read_clip(folder / "hole.mkv")[1]


def test_a_clip_of_too_many_pixels_is_not_decoded(tmp_path: Path, generator_file: Path) -> None:
    source = write_clip(tmp_path / "in.mp4", panned(3))
    out = tmp_path / "out"
    for limit in ({"max_megapixels": 0.001}, {"max_decoded_mb": 0.1}):
        options: dict[str, Any] = {"device": "cpu", **limit}
        assert translate_folder(generator_file, source, out / "clip.mp4", **options) == 1
        assert [*out.rglob("*")] == []


def test_a_cover_is_not_a_video(tmp_path: Path, generator_file: Path) -> None:
    cover = tmp_path / "cover.png"
    Image.fromarray(panned(1)[0]).save(cover)
    with av.open(str(cover)) as image, av.open(str(tmp_path / "a.mp4"), "w") as container:
        stream = container.add_stream_from_template(image.streams.video[0])
        stream.disposition = stream.disposition.attached_pic
        for packet in image.demux():
            if packet.dts is not None:
                packet.stream = stream
                container.mux(packet)
    with av.open(str(tmp_path / "a.mp4")) as container:
        assert container.streams.video
    out = tmp_path / "out.mp4"
    assert translate_folder(generator_file, tmp_path / "a.mp4", out, device="cpu") == 1
    assert not out.exists()


def test_an_output_that_is_not_a_clip_is_rejected(
    tmp_path: Path, generator_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = write_clip(tmp_path / "in.mp4", panned(3))
    assert translate_folder(generator_file, source, tmp_path / "out.png", device="cpu") == 1
    assert "clips are written as .mp4" in capsys.readouterr().err


def test_an_output_is_never_the_original(tmp_path: Path, generator_file: Path) -> None:
    source = write_clip(tmp_path / "in.mp4", panned(3))
    with pytest.raises(ValueError, match="would replace an original"):
        translate_folder(generator_file, source, source, device="cpu", overwrite=True)


class Nan(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x * torch.nan


def test_a_translation_that_is_not_finite_is_a_failure(
    tmp_path: Path, generator_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = write_clip(tmp_path / "in.mp4", panned(3))
    broken = Translator(Nan(), 3, torch.device("cpu"))
    monkeypatch.setattr(Translator, "load", lambda *_: broken)
    assert translate_folder(generator_file, source, tmp_path / "out" / "o.mp4", device="cpu") == 1
    assert [*(tmp_path / "out").iterdir()] == []


def test_without_the_extra_a_folder_is_translated_and_the_clips_are_mentioned(
    tmp_path: Path,
    generator_file: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    write_clip(folder / "clip.mp4", panned(3))
    Image.fromarray(panned(1)[0]).save(folder / "still.png")
    monkeypatch.setitem(sys.modules, "av", None)
    assert translate_folder(generator_file, folder, tmp_path / "out", device="cpu") == 0
    said = capsys.readouterr().err
    assert "1 clip not translated: videos need the extra `video`: pip install" in said
    assert "1 of 1 image translated" in said
    out = tmp_path / "out.mp4"
    assert translate_folder(generator_file, folder / "clip.mp4", out, device="cpu") == 1
    assert "pip install" in capsys.readouterr().err


def test_ten_bits_are_read_as_eight_with_a_remark(
    tmp_path: Path, generator_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = write_clip(tmp_path / "in.mkv", panned(3), format="yuv420p10le", codec="ffv1")
    assert translate_folder(generator_file, source, tmp_path / "out.mkv", device="cpu") == 0
    assert "more than 8 bits a channel" in capsys.readouterr().err
    assert len(read_clip(tmp_path / "out.mkv")[0]) == 3


def test_a_full_disk_ends_the_command_and_keeps_the_finished_segments(
    tmp_path: Path, generator_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, out = write_clip(tmp_path / "in.mp4", panned(9)), tmp_path / "out" / "clip.mp4"
    monkeypatch.setattr("gan.inference.video.shots.SEGMENT", 4)

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("gan.inference.video.muxing._packet", full)
        with pytest.raises(OSError, match="No space left"):
            translate_folder(generator_file, source, out, device="cpu")
    (folder,) = out.parent.iterdir()
    assert len([*folder.glob("*.part")]) == 3
    assert translate_folder(generator_file, source, out, device="cpu") == 0
    assert [*out.parent.iterdir()] == [out]


@pytest.mark.parametrize("option", [{"compare": Path("compared")}, {"format": "png"}])
def test_options_for_images_are_rejected_for_a_clip(
    option: dict[str, Any], tmp_path: Path, generator_file: Path
) -> None:
    clip = write_clip(tmp_path / "a.mp4", panned(3))
    with pytest.raises(ValueError, match="compare and format are for images"):
        translate_folder(generator_file, clip, tmp_path / "b.mp4", **option)
    assert not (tmp_path / "b.mp4").exists()


def grown(folder: Path) -> Path:
    """Write a stream whose frames grow from 64x64 pixels to 1024x1024, with a header of 64x64."""
    parts = [
        write_clip(folder / f"{side}.h264", [np.zeros((side, side, 3), np.uint8)] * count)
        for side, count in ((64, 60), (1024, 1))  # FFmpeg reads the first ones for the header
    ]
    joined = folder / "joined.mkv"
    with av.open(str(joined), "w") as container, av.open(str(parts[0])) as first:
        stream = container.add_stream_from_template(first.streams.video[0])
        for number, part in enumerate(parts):
            with av.open(str(part)) as piece:
                for at, packet in enumerate(p for p in piece.demux(video=0) if p.size):
                    packet.stream, packet.time_base = stream, stream.time_base
                    packet.pts = packet.dts = 3000 * (60 * number + at)
                    container.mux(packet)
    return joined


def widths(path: Path, max_megapixels: float) -> set[int]:
    with opened_clip(path, max_megapixels) as (container, stream):
        return {frame.width for frame in container.decode(stream)}


def test_frames_that_are_larger_than_the_header_says_are_not_decoded(tmp_path: Path) -> None:
    """Decoders reserve memory for them."""
    clip = grown(tmp_path)
    assert widths(clip, 2) == {64, 1024}
    with pytest.raises(ImageError, match="Invalid data"):
        widths(clip, 0.1)
