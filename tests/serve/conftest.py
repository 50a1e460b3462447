"""A server with two models whose translations are known exactly, and images for it."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from gan.serve.studio import Studio
from tests.support.browsing import CAMERA, closed, launched
from tests.support.serving import Picture, Server
from tests.support.standin import NAME, stand_in
from tests.support.visits import Visit


@pytest.fixture
def studio(tmp_path: Path) -> Studio:
    """Return the server's studio, without a server."""
    folder = tmp_path / "studio"
    folder.mkdir()
    return stand_in(folder)


@contextmanager
def served(folder: Path, *certificate: Path) -> Iterator[Server]:
    """Run a server in a separate process."""
    pytest.importorskip("gradio", reason="the extra serve is not installed")
    root = Path(__file__).parents[2]
    (folder / "visitors").mkdir()
    process = subprocess.Popen(
        [sys.executable, root / "tests/support/standin.py", folder / "visitors", *certificate],
        env=os.environ | {"PYTHONPATH": os.pathsep.join([str(root), *sys.path])},
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    with process:
        assert process.stdout
        yield Server(process.stdout.readline().strip(), folder / "visitors")
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=60) == 0


@pytest.fixture(scope="session")
def plain_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Run a server for all tests of a process."""
    with served(tmp_path_factory.mktemp("server")) as server:
        yield server


@pytest.fixture
def server(plain_server: Server) -> Server:
    """Return the server of a test; some modules override it."""
    return plain_server


@pytest.fixture(scope="session")
def secure_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Run an https server with its own certificate for all tests of a process."""
    pytest.importorskip("cryptography", reason="the extra serve is not installed")
    folder = tmp_path_factory.mktemp("secure")
    with served(folder, folder / "certificate") as server:
        yield server


@pytest.fixture
def picture(tmp_path: Path) -> Picture:
    """Return picture(name, seed=0, size=(40, 32), **save options), which writes a file of noise."""

    def write(name: str, seed: int = 0, size: tuple[int, int] = (40, 32), **options: Any) -> Path:
        rng = np.random.default_rng(seed)
        pixels = rng.integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
        Image.fromarray(pixels).save(tmp_path / name, **options)
        return tmp_path / name

    return write


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with launched(f"--host-resolver-rules=MAP {NAME} 127.0.0.1", *CAMERA) as browser:
        yield browser


@pytest.fixture
def visit(browser: Any, request: pytest.FixtureRequest) -> Iterator[Callable[..., Visit]]:
    """Return visit(fixture name or address, **context options), which opens the page."""
    visits: list[Visit] = []

    def come(server: str = "server", **options: Any) -> Visit:
        address = server if "/" in server else request.getfixturevalue(server).address
        visits.append(Visit(browser, address, **options))
        return visits[-1]

    with closed(visits):
        yield come
