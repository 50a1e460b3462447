"""A server with two models whose translations are known exactly: the negative, and the same."""

import os
import socket
import struct
import threading
import time
import warnings
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor, nn

from gan.serve.limits import Limits
from gan.serve.models import Way
from gan.serve.studio import Studio
from gan.translator import Translator

LIMITS = Limits(megapixels=0.1, megabytes=1, files=20, batch_megapixels=1, queue=8)


class Times(nn.Module):
    """Multiplies by -1 or 1."""

    def __init__(self, factor: int) -> None:
        super().__init__()
        self.factor = factor

    def forward(self, x: Tensor) -> Tensor:
        return self.factor * x


def ways() -> list[Way]:
    def translator(factor: int) -> Translator:
        return Translator(Times(factor), 3, torch.device("cpu"))

    return [
        Way("negative", "ab", translator(-1)),
        Way("negative", "ba", translator(1)),
        Way("same", "ab", translator(1)),
    ]


@pytest.fixture
def studio(tmp_path: Path) -> Studio:
    folder = tmp_path / "studio"
    folder.mkdir()
    return Studio(ways(), LIMITS, folder)


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Studio]]:
    """An address, and the studio behind it."""
    pytest.importorskip("gradio", reason="the extra serve is not installed")
    studio = Studio(ways(), LIMITS, tmp_path_factory.mktemp("visitors"))
    with mock.patch.dict(os.environ), running(studio) as address:
        yield address, studio


class running:  # noqa: N801, used like a function
    """Serves in a thread as long as a block lasts."""

    def __init__(self, studio: Studio) -> None:
        import uvicorn

        with warnings.catch_warnings(action="ignore"):  # Gradio's own
            from gan.serve.app import build_app

            app = build_app(studio)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.server = uvicorn.Server(
            uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=1)
        )
        self.thread = threading.Thread(target=self.server.run, args=([self.listener],))

    def __enter__(self) -> str:
        self.thread.start()
        while not self.server.started:
            assert self.thread.is_alive()
            time.sleep(0.01)
        return f"http://127.0.0.1:{self.listener.getsockname()[1]}"

    def __exit__(self, *_: object) -> None:
        self.server.should_exit = True
        self.thread.join()


Picture = Callable[..., Path]


@pytest.fixture
def picture(tmp_path: Path) -> Picture:
    """picture(name, seed=0, size=(40, 32), **options of saving) -> path of noise in a file."""

    def write(name: str, seed: int = 0, size: tuple[int, int] = (40, 32), **options: Any) -> Path:
        rng = np.random.default_rng(seed)
        pixels = rng.integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
        Image.fromarray(pixels).save(tmp_path / name, **options)
        return tmp_path / name

    return write


def huge_png(width: int, height: int) -> bytes:
    """A PNG of some hundred bytes that claims any size: black, of one bit a pixel, cut off."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(bytes(10_000))) + chunk(b"IEND", b"")
    )  # fmt: skip
