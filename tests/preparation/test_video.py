"""The right frames are taken from videos written here, upright and in blocks. Requires PyAV."""

import struct
import sys
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gan.cli.main import main
from gan.images import ImageError, list_images, read_image
from gan.preparation import video
from tests.support.pictures import picture

av = pytest.importorskip("av", reason="needs the extra `video`")


def write_video(path: Path, frames: int, rate: int = 5, aspect: Fraction | None = None) -> Path:
    """Write a video whose frame n shows n in binary as ten black or white columns, over noise."""
    with av.open(path, "w") as container:
        stream = container.add_stream("mpeg4", rate=rate)
        stream.width, stream.height, stream.pix_fmt = 160, 96, "yuv420p"
        stream.bit_rate = 4_000_000
        if aspect:
            stream.codec_context.sample_aspect_ratio = aspect
        for number in range(frames):
            pixels = np.array(picture(number // 5, (160, 96)))
            pixels[:32] = np.repeat([(number >> bit & 1) * 255 for bit in range(10)], 16)[:, None]
            frame = av.VideoFrame.from_ndarray(pixels, "rgb24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def number_in(image: Image.Image) -> int:
    """Return the number that a frame shows."""
    bits = np.asarray(image.convert("L"))[16, 8::16] > 127
    return sum(1 << index for index, bit in enumerate(bits) if bit)


@pytest.mark.parametrize(("per_second", "every", "expected"), [
    (1, None, range(0, 40, 5)),
    (2, None, [0, 3, 5, 8, 10, 13, 15, 18, 20, 23, 25, 28, 30, 33, 35, 38]),
    (100, None, range(40)),
    (1, 7, range(0, 40, 7)),
])  # fmt: skip
@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".avi"])
def test_the_first_frame_of_each_interval_is_taken(
    suffix: str, per_second: float, every: int | None, expected: list[int], tmp_path: Path
) -> None:
    path = write_video(tmp_path / f"v{suffix}", 40)
    found = list(video.sampled(path, per_second, every))
    assert [number for number, _, _ in found] == [*expected]
    assert [number_in(image) for _, _, image in found] == [*expected]
    # Containers round times to a millisecond.
    assert [second for _, second, _ in found] == pytest.approx([n / 5 for n in expected], abs=2e-3)


def test_frames_are_as_upright_as_a_player_shows_them(tmp_path: Path) -> None:
    """QuickTime's matrix of a phone held upright: x' = -y, y' = x, a quarter turn clockwise."""
    path = write_video(tmp_path / "v.mp4", 2)
    content = bytearray(path.read_bytes())
    unit, identity = 1 << 16, struct.pack(">9i", 1 << 16, 0, 0, 0, 1 << 16, 0, 0, 0, 1 << 30)
    place = content.index(identity, content.index(b"tkhd"))
    content[place : place + 36] = struct.pack(">9i", 0, unit, 0, -unit, 0, 0, 0, 0, 1 << 30)
    (tmp_path / "turned.mp4").write_bytes(content)
    _, lying = next(video.numbered(path, [1]))
    _, upright = next(video.numbered(tmp_path / "turned.mp4", [1]))
    assert upright.size == (96, 160)
    assert np.array_equal(np.asarray(upright), np.rot90(np.asarray(lying), -1))


def test_pixels_that_are_not_square_are_widened(tmp_path: Path) -> None:
    path = write_video(tmp_path / "v.mp4", 2, aspect=Fraction(3, 2))
    _, image = next(video.numbered(path, [1]))
    assert image.size == (240, 96)


def test_a_video_is_prepared_in_blocks_and_continues(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    write_video(Path("v.mp4"), 200)
    arguments = [
        "--output",
        "out",
        "--a",
        "v.mp4",
        "--frames_per_second",
        "5",
        "--block",
        "4",
        "--test",
        "0.2",
    ]
    assert main(["prepare", *arguments]) == 0
    train, test = (
        [int(path.stem[-6:]) for path in list_images(Path("out", name))]
        for name in ("trainA", "testA")
    )
    assert len(test) == 40
    assert {number // 20 for number in test} == {
        number // 20 for number in test if number % 20 == 0
    }
    assert min(abs(one - other) for one in train for other in test) > 5
    shown = list_images(Path("out/trainA"))[3]
    assert number_in(read_image(shown)) == int(shown.stem[-6:])
    before = {path: path.stat().st_ino for path in list_images(Path("out"))}
    list_images(Path("out/testA"))[0].unlink()
    assert main(["prepare", *arguments]) == 0
    after = {path: path.stat().st_ino for path in list_images(Path("out"))}
    assert after.keys() == before.keys()
    assert sum(after[path] != before[path] for path in after) <= 1


def test_a_damaged_video_gives_the_frames_before_the_damage_and_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    content = write_video(Path("v.mp4"), 60).read_bytes()
    half = len(content) // 2
    noise = bytes(byte ^ 0x5A for byte in content[half : half + half // 2])
    Path("v.mp4").write_bytes(content[:half] + noise + content[half + len(noise) :])
    arguments = ["--a", "v.mp4", "--every_frame", "1", "--block", "1", "--test", "0"]
    assert main(["prepare", "--output", "out", *arguments]) == 1
    shown = list_images(Path("out/trainA"))
    assert 20 <= len(shown) < 60
    assert all(number_in(read_image(path)) == int(path.stem[-6:]) for path in shown[:20])
    last = shown[-1].stem
    assert f"v.mp4: damaged after {last}: Invalid data" in capsys.readouterr().err


def test_a_file_that_is_not_a_video_is_named_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("none.mp4").write_bytes(b"no video")
    assert main(["prepare", "--output", "out", "--a", "none.mp4"]) == 1
    expected = "none.mp4: no images that can be used (none.mp4: cannot be opened as a video"
    assert expected in capsys.readouterr().err


def test_a_playlist_with_the_name_of_a_video_is_rejected(tmp_path: Path) -> None:
    """FFmpeg detects formats by content, and a playlist names other files and servers."""
    write_video(tmp_path / "secret.ts", 5)
    playlist = "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nsecret.ts\n#EXT-X-ENDLIST\n"
    (tmp_path / "v.mp4").write_text(playlist)
    with pytest.raises(ImageError, match=r"v\.mp4: "):
        next(video.sampled(tmp_path / "v.mp4", 1, None))


def test_a_missing_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(ImageError, match="pip install 'gan-translation\\[video\\]'"):
        next(video.sampled(tmp_path / "v.mp4", 1, None))
