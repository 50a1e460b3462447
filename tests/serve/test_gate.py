"""Attacks on the gate: reading files, unknown paths, foreign host names and forged calls."""

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.support.serving import Picture, Server, ask, functions, pixels

PASSWD = [
    "/gradio_api/file=/etc/passwd",
    "/gradio_api/file=//etc/passwd",
    "/gradio_api/file={folder}/../../../../../../../../etc/passwd",
    "/gradio_api/file={folder}/%2e%2e/%2e%2e/%2e%2e/%2e%2e/%2e%2e/%2e%2e/%2e%2e/etc/passwd",
    "/gradio_api/file={folder}/link",
    "/gradio_api/file={folder}/links/passwd",
    "/gradio_api/file=..%2f..%2f..%2f..%2f..%2f..%2f..%2f..%2f..%2fetc%2fpasswd",
    "/gradio_api/file=file:///etc/passwd",
    "/gradio_api/file=%00/etc/passwd",
    "/gradio_api/file=pyproject.toml",
    "/gradio_api/file=.",
    "/gradio_api/file=http://127.0.0.1:1/",
    "/gradio_api/file=https://example.com/",
    "/gradio_api/file/etc/passwd",
    "/gradio_api/../gradio_api/file=/etc/passwd",
    "/gradio_api//file=/etc/passwd",
    "//gradio_api/file=/etc/passwd",
    "/GRADIO_API/file=/etc/passwd",
    "/file=/etc/passwd",
    "/file/etc/passwd",
    "/static/../../../../../../../../etc/passwd",
    "/static//etc/passwd",
    "/static/%2e%2e/%2e%2e/%2e%2e/%2e%2e/%2e%2e/%2e%2e/%2e%2e/etc/passwd",
    "/assets/../../../../../../../../../etc/passwd",
    "/svelte/../../../../../../../../../etc/passwd",
    "/svelte//etc/passwd",
    "/theme.css/../../etc/passwd",
    "/custom_component/1/client/a/../../../../etc/passwd",
    "/gradio_api/custom_component/1/client/component/..%2f..%2fetc%2fpasswd",
    "/gradio_api/proxy=http://127.0.0.1:1/",
    "/gradio_api/deep_link?session_hash=/etc/passwd",
]


@pytest.fixture(params=["plain_server", "secure_server"])
def server(request: pytest.FixtureRequest) -> Server:
    """Return a server with http, then one with https: all tests run with both."""
    found: Server = request.getfixturevalue(request.param)
    return found


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("path", PASSWD)
def test_visitors_cannot_read_files_of_this_machine(server: Server, method: str, path: str) -> None:
    folder = server.folder
    links = {folder / "link": Path("/etc/passwd"), folder / "links": Path("/etc")}
    for link, place in links.items():
        link.symlink_to(place)
    try:
        status, body, _ = ask(server, method, path.format(folder=folder))
    finally:
        for link in links:
            link.unlink()
    assert status in (400, 403, 404, 405)
    assert b"root:" not in body
    assert b"[project]" not in body


@pytest.mark.parametrize("path", [
    "/docs", "/redoc", "/openapi.json", "/gradio_api/openapi.json", "/monitoring",
    "/monitoring/summary", "/gradio_api/runs", "/gradio_api/dev/reload", "/gradio_api/vibe-code",
    "/gradio_api/mcp/sse", "/gradio_api/profiling/traces", "/login", "/gradio_api/token",
])  # fmt: skip
def test_paths_that_the_page_does_not_need_are_not_found(server: Server, path: str) -> None:
    assert ask(server, "GET", path)[:2] == (404, f"nothing at {path}".encode())


@pytest.mark.parametrize("path", [
    "/gradio_api/run/translate", "/gradio_api/api/translate", "/gradio_api/call/translate",
    "/gradio_api/call/v2/translate", "/gradio_api/component_server", "/gradio_api/vibe-edit",
    "/gradio_api/process_recording", "/gradio_api/stream/x", "/api/run",
])  # fmt: skip
def test_the_queue_cannot_be_bypassed(server: Server, path: str) -> None:
    assert ask(server, "POST", path, b"{}", **{"Content-Type": "application/json"})[0] == 404


@pytest.mark.parametrize("path", ["/", "/config", "/api/models", "/gradio_api/file={folder}/a"])
@pytest.mark.parametrize("host", [
    "evil.example", "evil.example:7860", "127.0.0.1.evil.example", "localhost.evil.example:7860",
    "localhost@evil.example", "2130706433", "[::1", "", "[::2]:7860",
])  # fmt: skip
def test_requests_to_another_host_name_are_rejected(server: Server, host: str, path: str) -> None:
    """DNS rebinding: another site's page sends requests after its name was pointed here."""
    status, body, _ = ask(server, "GET", path.format(folder=server.folder), Host=host)
    assert (status, b"not the name of this page" in body) == (421, True)


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:1", "127.0.0.1:7860", "[::1]:7860"])
def test_names_of_this_machine_are_answered(server: Server, host: str) -> None:
    """Any port is accepted: tunnels use other ports."""
    assert ask(server, "GET", "/api/models", Host=host)[0] == 200


def test_every_answer_forbids_content_from_other_sites(server: Server) -> None:
    for path in ("/", "/api/models", "/nowhere"):
        headers = ask(server, "GET", path)[2]
        assert headers["content-security-policy"].startswith("default-src 'self'")
        assert "http" not in headers["content-security-policy"]
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert headers["x-frame-options"] == "DENY"
        assert headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(("headers", "answered"), [
    ({}, True),
    ({"Sec-Fetch-Site": "same-origin", "Origin": "http://tunnel.example:1"}, True),
    ({"Sec-Fetch-Site": "none"}, True),
    ({"Origin": "http://localhost:7860"}, True),
    ({"Origin": "https://localhost:7860"}, True),
    ({"Sec-Fetch-Site": "cross-site"}, False),
    ({"Sec-Fetch-Site": "same-site", "Origin": "http://localhost:8000"}, False),
    ({"Origin": "http://evil.example"}, False),
    ({"Origin": "http://localhost:8000"}, False),
    ({"Origin": "http://localhost:7860.evil.example"}, False),
    ({"Origin": "null"}, False),
])  # fmt: skip
def test_another_sites_page_can_neither_write_nor_read(
    server: Server, picture: Picture, headers: dict[str, str], answered: bool
) -> None:
    """Another site's page sends forms by itself, and its scripts send requests."""
    before = set(server.folder.rglob("*"))
    sent = {"Host": "localhost:7860", "Content-Type": "text/plain", **headers}
    data = picture("a.png").read_bytes()
    for path in ("/api/translate?direction=ab", "/gradio_api/upload", "/gradio_api/queue/join"):
        status, body, _ = ask(server, "POST", path, data, **sent)
        assert (status == 403 and b"sent by another site's page" in body) != answered
    if not answered:
        assert set(server.folder.rglob("*")) == before
    for path in ("/config", "/api/models", "/gradio_api/info"):
        status, _, found = ask(server, "GET", path, **sent)
        assert status == 200
        assert not [name for name in found if name.startswith("access-control-")]


def upload(server: Server, name: str, data: bytes) -> str:
    """Send a file as the page does; return its path on the server."""
    head = f'--x\r\nContent-Disposition: form-data; name="files"; filename="{name}"\r\n\r\n'
    body = head.encode() + data + b"\r\n--x--\r\n"
    kind = {"Content-Type": "multipart/form-data; boundary=x"}
    status, answer, _ = ask(server, "POST", "/gradio_api/upload", body, **kind)
    assert status == 200, answer
    (place,) = json.loads(answer)
    return str(place)


@pytest.mark.parametrize("name", [
    "../../../../evil.png", "/etc/cron.d/evil.png", "..\\\\..\\\\evil.png", "%2e%2e%2fevil.png",
])  # fmt: skip
def test_an_uploaded_name_is_not_used_as_a_path(
    server: Server, picture: Picture, name: str
) -> None:
    place = Path(upload(server, name, picture("a.png").read_bytes())).resolve()
    assert place.is_file()
    assert place.parent.parent == server.folder.resolve()


def call(server: Server, function: int, *arguments: Any) -> dict[str, Any]:
    """Call a button's function as the page does: join the queue and return its result."""
    session = os.urandom(8).hex()
    event = {"data": [*arguments, 0, 1, 0, "", 0], "fn_index": function, "session_hash": session}
    status, answer, _ = ask(
        server, "POST", "/gradio_api/queue/join", json.dumps(event),
        **{"Content-Type": "application/json"},
    )  # fmt: skip
    assert status == 200, answer
    _, answer, _ = ask(server, "GET", f"/gradio_api/queue/data?session_hash={session}")
    messages = [json.loads(line[6:]) for line in answer.decode().split("\n\n") if line]
    (done,) = [message for message in messages if message["msg"] == "process_completed"]
    return dict(done)


META = {"_type": "gradio.FileData"}


def test_the_page_accepts_uploads(server: Server, picture: Picture) -> None:
    place = upload(server, "a.png", picture("a.png").read_bytes())
    done = call(server, functions(server)[0], {"path": place, "orig_name": "a.png", "meta": META})
    assert done["success"], done
    file = done["output"]["data"][1]["value"]["path"]
    result = ask(server, "GET", f"/gradio_api/file={file}")[1]
    np.testing.assert_array_equal(pixels(result), 255 - pixels(picture("a.png").read_bytes()))
    assert Path(file).name == "a-negative-ab.png"


@pytest.mark.parametrize("given", [
    {}, {"is_stream": True}, {"url": "data:image/png;base64,AAAA"}, {"url": "http://127.0.0.1:1/"},
])  # fmt: skip
@pytest.mark.parametrize("path", [
    "{private}", "{folder}/../{name}", "{folder}/link.png", "file://{private}",
    "http://127.0.0.1:1/a.png", "http://example.com/a.png", "/etc/passwd", "",
])  # fmt: skip
@pytest.mark.parametrize("many", [False, True])
def test_the_page_accepts_no_other_files(
    server: Server, picture: Picture, many: bool, path: str, given: dict[str, Any]
) -> None:
    folder = server.folder
    private = picture("private.png").rename(folder.parent / "private.png")
    link = folder / "link.png"
    link.symlink_to(private)
    before = set(folder.rglob("*"))
    place = path.format(private=private, folder=folder, name=private.name)
    file = given | {"path": place, "orig_name": "a.png", "meta": META}
    try:
        done = call(server, functions(server)[many], [file] if many else file)
    finally:
        private.unlink()
        link.unlink()
    assert not done["success"]
    copies = [new for new in set(folder.rglob("*")) - before if new.is_file()]
    assert copies == []
