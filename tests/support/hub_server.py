"""A stand-in for the part of the Hub's HTTP API that reads a dataset's files."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlparse

COMMIT = "a" * 40
API = "/api/datasets/owner/name"
RESOLVE = "/datasets/owner/name/resolve/main/"


@contextmanager
def hub_server(root: Path) -> Iterator[str]:
    """Serve the files of root as the dataset owner/name; yield the endpoint."""

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            url = urlparse(self.path)
            path = unquote(url.path)
            if path.startswith(f"{API}/tree/main"):
                below = root / path.removeprefix(f"{API}/tree/main").strip("/")
                found = (
                    below.rglob("*") if "recursive=true" in url.query.lower() else below.glob("*")
                )
                self.answer(json.dumps([describe(each) for each in sorted(found)]).encode())
            elif path == API:
                about = {"id": "owner/name", "sha": COMMIT, "siblings": []}
                self.answer(json.dumps(about).encode())
            elif path.startswith(RESOLVE) and (root / path.removeprefix(RESOLVE)).is_file():
                self.part((root / path.removeprefix(RESOLVE)).read_bytes())
            else:
                self.answer(b"{}", 404)

        do_HEAD = do_GET  # noqa: N815, the library's own name

        def part(self, data: bytes) -> None:
            """Answer with a file, or with the asked range of it."""
            first, _, last = self.headers.get("Range", "bytes=0-").partition("=")[2].partition("-")
            start, end = int(first), min(int(last or len(data)), len(data) - 1)
            self.answer(data[start : end + 1], 206, f"bytes {start}-{end}/{len(data)}")

        def answer(self, data: bytes, status: int = 200, part: str = "") -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(data)))
            self.send_header("X-Repo-Commit", COMMIT)
            if part:
                self.send_header("Content-Range", part)
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(data)

        def log_message(self, format: str, *arguments: object) -> None:
            pass

    def describe(path: Path) -> dict[str, object]:
        kind = "file" if path.is_file() else "directory"
        size = path.stat().st_size if path.is_file() else 0
        return {
            "type": kind,
            "oid": COMMIT,
            "size": size,
            "path": path.relative_to(root).as_posix(),
        }

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
