"""Reading clips ends, whatever is damaged in them."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.support.clips import write_clip

pytest.importorskip("av", reason="needs the extra `video`")

ROOT = Path(__file__).parents[3]
READ = """
import sys
from contextlib import closing, suppress
from pathlib import Path
from gan.images.clips import complaints
from gan.images.formats import ImageError
from gan.inference.video.reading import decoded

with complaints():
    for time in range(40):
        with suppress(ImageError), closing(decoded(Path(sys.argv[1]), 10)) as frames:
            for number, _ in enumerate(frames):
                if number == time % 7:
                    break
print("read")
"""
"""Closes a clip while the decoder's threads report damage in the next frames."""


def test_a_damaged_clip_that_is_closed_early_does_not_hang(tmp_path: Path) -> None:
    """In a separate process: what hangs in FFmpeg can only be killed from outside."""
    noise = np.random.default_rng(0).integers(0, 256, (60, 144, 176, 3), np.uint8)
    path = write_clip(tmp_path / "bad.mkv", [*noise])
    data = bytearray(path.read_bytes())
    for at in np.random.default_rng(1).integers(4000, len(data), 400):
        data[at] ^= 0x5A
    path.write_bytes(data)
    command = [sys.executable, "-c", READ, str(path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.stdout == "read\n", done.stderr
