"""An exported folder with two small generators, a plain file server, and Chromium."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from gan.export.web.runtime import read_runtime
from tests.support.browsing import CAMERA, closed, launched
from tests.support.commands import export_model
from tests.support.sites import Visit, served, write_generators


@pytest.fixture(scope="session")
def package(request: pytest.FixtureRequest) -> Path:
    """Return a folder with the runtime's files; pytest's cache keeps them for other runs."""
    folder = Path(request.config.cache.mkdir("onnxruntime-web"))
    with FileLock(folder / "lock"):
        try:
            read_runtime(folder)
        except ValueError:
            try:
                files = read_runtime(None)
            except ValueError as error:
                pytest.skip(str(error))
            for name, content in files.items():
                (folder / name).write_bytes(content)
    return folder


@pytest.fixture(scope="session")
def site(package: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder of format web; its generators are next to it, in `run`."""
    pytest.importorskip("onnxscript", reason="the extra export is not installed")
    base = tmp_path_factory.getbasetemp()
    # Once for all processes of pytest-xdist, as tracing takes seconds.
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "exported"
    with FileLock(f"{folder}.lock"):
        if not folder.exists():
            run = write_generators(folder / "run")
            assert export_model(run, folder / "site", "web", runtime=package) == 0
    return folder / "site"


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    only_here = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"
    with launched(only_here, *CAMERA) as browser:
        yield browser


@pytest.fixture
def visit(site: Path, browser: Any) -> Iterator[Callable[..., Visit]]:
    """Return visit(address=None, **options), which opens the page and waits until it is ready."""
    visits: list[Visit] = []
    with served(site) as server, closed(visits):
        here = f"http://127.0.0.1:{server.server_port}/"

        def come(address: str = here, **options: Any) -> Visit:
            visits.append(Visit(browser, address, **options))
            visits[-1].wait("^Ready")
            return visits[-1]

        yield come
