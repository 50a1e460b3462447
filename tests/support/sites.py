"""Write generators, serve the folder that is exported from them, and visit it with a browser."""

import functools
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from gan.networks import build_generator
from gan.networks.files import save_generator
from tests.support.browsing import Page
from tests.support.foreign import randomized

TRAINED = 40
"""Shorter side of the pretended training images."""
SPEC: dict[str, Any] = {
    "kind": "resnet_1blocks", "channels": 3, "in_channels": 3, "out_channels": 3,
    "norm": "instance", "upsample": "deconv", "dropout": False, "downsample": "stride",
}  # fmt: skip


def write_generators(folder: Path, **about: Any) -> Path:
    """Write two small generators with random weights as a run has them."""
    folder.mkdir(parents=True, exist_ok=True)
    facts = {"resize": "short", "load_size": TRAINED} | about
    for seed, direction in enumerate(("ab", "ba")):
        state = randomized(build_generator(**SPEC), seed).state_dict()
        path = folder / f"gen_{direction}.safetensors"
        save_generator(state, path, SPEC, facts | {"direction": direction})
    return folder


class Quiet(SimpleHTTPRequestHandler):
    """A plain file server, without a log."""

    def log_message(self, format: str, *args: object) -> None: ...


@contextmanager
def served(folder: Path) -> Iterator[ThreadingHTTPServer]:
    """Serve a folder's files until the block ends or `stop` is called."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=folder))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server
    finally:
        stop(server)


def stop(server: ThreadingHTTPServer) -> None:
    """End a server; a second time does nothing."""
    server.shutdown()
    server.server_close()


class Visit(Page):
    """A visitor of an exported page."""

    def find(self, name: str) -> Any:
        return self.page.locator(f"#{name}")

    def wait(self, pattern: str) -> str:
        """Wait for a sentence of the page, and return it."""
        status = self.find("status").filter(has_text=re.compile(pattern))
        status.wait_for()
        return str(status.inner_text())

    def choose(self, file: Path) -> None:
        self.find("file").set_input_files(file)

    def translate(self, file: Path, size: int | None = None) -> tuple[str, Path]:
        """Return the name and the place of a picture's download."""
        if size:
            self.find("size").select_option(str(size))
        self.choose(file)
        self.wait("press Translate")
        self.find("translate").click()
        self.wait("^Done")
        with self.page.expect_download() as started:
            self.find("download").click()
        return started.value.suggested_filename, Path(started.value.path())
