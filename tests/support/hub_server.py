"""A stand-in for the part of the Hub's HTTP API that reads a dataset's files, behind faults."""

import hashlib
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlparse

API = "/api/datasets/owner/name"
RESOLVE = "/datasets/owner/name/resolve/"


class HubServer:
    """The dataset owner/name on a free port; the last commit is main.

    Requests wait `delay` seconds; with a `token`, those without it are rejected.
    """

    def __init__(self, root: Path) -> None:
        self.commits: dict[str, Path] = {"a" * 40: root}
        """Folders by the hash of a commit."""
        self.card: dict[str, Any] = {}
        self.delay = 0.0
        self.token = ""
        self.requests: list[str] = []
        """Paths of all requests."""
        self.before: Callable[[str], None] = lambda path: None
        self.port = 0
        self.server: ThreadingHTTPServer | None = None
        self.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        own = type("OwnAnswer", (Answer,), {"hub": self})
        self.server = ThreadingHTTPServer(("127.0.0.1", self.port), own)
        self.port = self.server.server_port
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        """Die: requests are not answered until `start`."""
        if self.server:
            server, self.server = self.server, None
            server.shutdown()
            server.server_close()

    def found(self, revision: str) -> tuple[str, Path] | None:
        """Return a commit and its folder."""
        commit = list(self.commits)[-1] if revision == "main" else revision
        return (commit, self.commits[commit]) if commit in self.commits else None


class Answer(BaseHTTPRequestHandler):
    """Answers as the Hub does to huggingface_hub 2.4."""

    hub: HubServer

    def do_GET(self) -> None:
        self.answered(b"")

    do_HEAD = do_GET  # noqa: N815, the library's own name

    def do_POST(self) -> None:
        self.answered(self.rfile.read(int(self.headers["Content-Length"] or 0)))

    def answered(self, body: bytes) -> None:
        url = urlparse(self.path)
        path = unquote(url.path)
        self.hub.requests.append(path)
        self.hub.before(path)
        time.sleep(self.hub.delay)
        if self.hub.server is None:  # it has died meanwhile
            self.close_connection = True
            return
        if self.hub.token and self.headers["Authorization"] != f"Bearer {self.hub.token}":
            told = "Invalid credentials in Authorization header"
            self.answer(b"{}", 401, X_Error_Message=told)
            return
        kind, _, rest = path.removeprefix(API).strip("/").partition("/")
        revision, _, name = rest.partition("/")
        if path.startswith(RESOLVE):
            revision, _, name = path.removeprefix(RESOLVE).partition("/")
            kind = "resolve"
        if not (found := self.hub.found(revision or "main")):
            self.answer(b"{}", 404, X_Error_Code="RevisionNotFound")
            return
        commit, root = found
        place = root / name
        if kind in ("", "revision"):
            about = {"id": "owner/name", "sha": commit, "siblings": [], "cardData": self.hub.card}
            self.answer(about)
        elif kind == "tree" and place.is_dir():
            whole = "recursive=true" in url.query.lower()
            listed = place.rglob("*") if whole else place.glob("*")
            self.answer([describe(root, each) for each in sorted(listed)])
        elif kind == "paths-info":
            names = [unquote(text.partition("=")[2]) for text in body.decode().split("&")]
            names = json.loads(body)["paths"] if body.startswith(b"{") else names
            there = [root / each for each in names if (root / each).exists()]
            self.answer([describe(root, each) for each in there])
        elif kind == "resolve" and place.is_file():
            self.part(place.read_bytes())
        else:
            self.answer(b"{}", 404, X_Error_Code="EntryNotFound")

    def part(self, data: bytes) -> None:
        """Answer with a file, or with the asked range of it."""
        if not (asked := self.headers.get("Range")):
            self.answer(data)
            return
        first, _, last = asked.partition("=")[2].partition("-")
        start, end = int(first), min(int(last), len(data) - 1)
        part = f"bytes {start}-{end}/{len(data)}"
        self.answer(data[start : end + 1], 206, Content_Range=part)

    def answer(self, content: Any, status: int = 200, **headers: str) -> None:
        data = content if isinstance(content, bytes) else json.dumps(content).encode()
        self.send_response(status)
        for name, value in ({"Content-Length": str(len(data))} | headers).items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    def log_message(self, format: str, *arguments: object) -> None:
        pass


def describe(root: Path, path: Path) -> dict[str, object]:
    """Return what the Hub tells of a file or folder."""
    is_file = path.is_file()
    content = path.read_bytes() if is_file else b""
    return {
        "type": "file" if is_file else "directory",
        "oid": hashlib.sha1(content).hexdigest(),
        "size": len(content),
        "path": path.relative_to(root).as_posix(),
    }


@contextmanager
def hub_server(monkeypatch: Any, root: Path, home: Path) -> Iterator[HubServer]:
    """Serve the files of root as the dataset owner/name; the environment points to it."""
    server = HubServer(root)
    monkeypatch.setenv("HF_ENDPOINT", server.url)
    monkeypatch.setenv("HF_HOME", str(home))
    monkeypatch.setenv("HF_ASSETS_CACHE", str(home / "assets"))
    try:
        yield server
    finally:
        server.stop()


def write_tables(folder: Path, target: Path, rows: int = 1) -> None:
    """Write the images of a folder as column `image` of Parquet files of two row groups each."""
    import pyarrow
    import pyarrow.parquet

    image = pyarrow.struct([("bytes", pyarrow.binary()), ("path", pyarrow.string())])
    schema = pyarrow.schema([("image", image), ("label", pyarrow.int64())])
    paths = sorted(folder.iterdir())
    files = [paths[first : first + 2 * rows] for first in range(0, len(paths), 2 * rows)]
    target.mkdir(parents=True)
    for number, part in enumerate(files):
        images = [{"bytes": each.read_bytes(), "path": each.name} for each in part]
        table = pyarrow.table([images, list(range(len(part)))], schema=schema)
        place = target / f"train-{number:05d}-of-{len(files):05d}.parquet"
        pyarrow.parquet.write_table(table, place, row_group_size=rows)
