"""A stand-in of the Hugging Face Hub's HTTP API on the loopback: models, commits, files."""

import base64
import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import unquote, urlsplit

TOKEN = "hf_stand_in"
Files = dict[str, bytes]


@dataclass
class Hub:
    """Repositories as lists of commits; the last one is main."""

    url: str = ""
    commits: dict[str, list[tuple[str, Files]]] = field(default_factory=dict)
    private: set[str] = field(default_factory=set)
    stored: Files = field(default_factory=dict)
    """Large files by SHA-256, before a commit names them."""
    claimed: dict[str, int] = field(default_factory=dict)
    """Sizes that the listing claims for some files, in place of the true ones."""
    asked: list[str] = field(default_factory=list)
    """Requests, as METHOD path."""

    def commit(self, name: str, files: Files) -> str:
        """Add a commit with these files, new or changed; return its hash."""
        commits = self.commits.setdefault(name, [])
        merged = (commits[-1][1] if commits else {}) | files
        text = f"{name} {len(commits)} {sorted(merged)}"
        sha = hashlib.sha1(text.encode()).hexdigest()
        commits.append((sha, merged))
        return sha

    def find(self, name: str, revision: str) -> tuple[str, Files] | None:
        """Return a revision, by its hash or as main; None if there is none."""
        commits = self.commits.get(name, [])
        found = [each for each in commits if each[0] == revision]
        return found[0] if found else commits[-1] if commits and revision == "main" else None


class Handler(BaseHTTPRequestHandler):
    """Answers as the Hub does to huggingface_hub 2.4."""

    hub: Hub
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: Any) -> None:
        """Print nothing."""

    def answer(self, content: Any, status: int = 200, **headers: str) -> None:
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        self.send_response(status)
        for name, value in ({"Content-Length": str(len(body))} | headers).items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def missing(self, code: str = "RepoNotFound") -> None:
        self.answer({"error": "not found"}, 404, X_Error_Code=code)

    def parts(self) -> list[str]:
        path = urlsplit(self.path).path
        self.hub.asked.append(f"{self.command} {path}")
        return [unquote(part) for part in path.strip("/").split("/")]

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        match self.parts():
            case ["api", "models", owner, name]:
                self.listing(f"{owner}/{name}", "main")
            case ["api", "models", owner, name, "revision", revision]:
                self.listing(f"{owner}/{name}", revision)
            case ["api", "models", owner, name, "tree", revision, *_]:
                self.tree(f"{owner}/{name}", revision)
            case [owner, name, "resolve", revision, *file]:
                self.file(f"{owner}/{name}", revision, "/".join(file))
            case _:
                self.missing()

    def found(self, name: str, revision: str) -> tuple[str, Files] | None:
        """Return a revision; answer and return None if there is none."""
        if name not in self.hub.commits:
            self.missing()
        elif (found := self.hub.find(name, revision)) is None:
            self.missing("RevisionNotFound")
        else:
            return found
        return None

    def listing(self, name: str, revision: str) -> None:
        if found := self.found(name, revision):
            sha, files = found
            sizes = {file: len(content) for file, content in files.items()} | self.hub.claimed
            siblings = [{"rfilename": file, "size": sizes[file]} for file in files]
            self.answer({"id": name, "modelId": name, "sha": sha, "siblings": siblings})

    def tree(self, name: str, revision: str) -> None:
        if found := self.found(name, revision):
            self.answer([
                {"type": "file", "path": file, "size": len(content), "oid": oid(content)}
                for file, content in found[1].items()
            ])  # fmt: skip

    def file(self, name: str, revision: str, file: str) -> None:
        if found := self.found(name, revision):
            sha, files = found
            if file not in files:
                self.missing("EntryNotFound")
            else:
                tag = f'"{oid(files[file])}"'
                self.answer(files[file], ETag=tag, X_Repo_Commit=sha)

    def do_PUT(self) -> None:
        (_, sha) = self.parts()
        self.hub.stored[sha] = self.body()
        self.answer({})

    def do_POST(self) -> None:
        parts, body = self.parts(), self.body()
        if self.headers["Authorization"] != f"Bearer {TOKEN}" and parts[1] != "validate-yaml":
            self.answer({"error": "Invalid username or password."}, 401)
            return
        match parts:
            case ["api", "validate-yaml"]:
                self.answer({"errors": [], "warnings": []})
            case ["api", "repos", "create"]:
                self.create(json.loads(body))
            case ["api", "models", _, _, "preupload", _]:
                self.answer({"files": [
                    {"path": each["path"], "shouldIgnore": False, "uploadMode": mode(each["path"])}
                    for each in json.loads(body)["files"]
                ]})  # fmt: skip
            case [_, _, "info", "lfs", "objects", "batch"]:
                self.answer({"objects": [
                    each | {"actions": {"upload": {"href": f"{self.hub.url}/lfs/{each['oid']}"}}}
                    for each in json.loads(body)["objects"]
                ]})  # fmt: skip
            case ["api", "models", owner, name, "commit", "main"]:
                sha = self.hub.commit(f"{owner}/{name}", dict(self.committed(body)))
                url = f"{self.hub.url}/{owner}/{name}/commit/{sha}"
                self.answer({"commitUrl": url, "commitOid": sha})
            case _:
                self.missing()

    def create(self, wish: dict[str, Any]) -> None:
        name = f"{wish['organization']}/{wish['name']}"
        url = {"url": f"{self.hub.url}/{name}"}
        if name in self.hub.commits:
            self.answer(url | {"error": "You already created this model repo"}, 409)
            return
        self.hub.commits[name] = []
        if wish.get("private") or wish.get("visibility") == "private":
            self.hub.private.add(name)
        self.answer(url)

    def committed(self, body: bytes) -> Iterator[tuple[str, bytes]]:
        for line in map(json.loads, body.splitlines()):
            value = line["value"]
            if line["key"] == "file":
                yield value["path"], base64.b64decode(value["content"])
            elif line["key"] == "lfsFile":
                yield value["path"], self.hub.stored[value["oid"]]

    def body(self) -> bytes:
        if self.headers["Transfer-Encoding"] != "chunked":
            return self.rfile.read(int(self.headers["Content-Length"] or 0))
        body = b""
        while size := int(self.rfile.readline(), 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body


def mode(path: str) -> str:
    """Return how the Hub wants a file: as in its default .gitattributes."""
    return "lfs" if path.endswith((".safetensors", ".png")) else "regular"


def oid(content: bytes) -> str:
    """Return git's hash of a file."""
    return hashlib.sha1(f"blob {len(content)}\0".encode() + content).hexdigest()


@contextmanager
def stand_in() -> Iterator[Hub]:
    """Serve an empty Hub on a free port."""
    hub = Hub()
    handler = type("OwnHandler", (Handler,), {"hub": hub})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        hub.url = f"http://127.0.0.1:{server.server_port}"
        thread = Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield hub
        finally:
            server.shutdown()
            thread.join()
