"""Clips over real connections: the API's route and the page's tab."""

import http.client
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import numpy as np
import pytest

from tests.support.browsing import SECONDS
from tests.support.clips import panned, read_clip, write_clip
from tests.support.serving import Server, ask
from tests.support.visits import Visit

pytest.importorskip("av", reason="needs the extra `video`")
pytestmark = pytest.mark.slow


def send(server: Server, data: Any, **wish: Any) -> tuple[int, bytes, dict[str, str]]:
    wish = {"model": "negative", "direction": "ab"} | wish
    return ask(server, "POST", f"/api/clip?{urlencode(wish)}", data)


def error(answer: tuple[int, bytes, dict[str, str]]) -> tuple[int, str]:
    return answer[0], json.loads(answer[1])["error"]


def wait_until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + 30
    while not true():
        assert time.monotonic() < end
        time.sleep(0.05)


def files(server: Server) -> list[Path]:
    """Return the files of clips in work: uploads, results, and finished segments."""
    found = [*server.folder.rglob("*")]
    return [path for path in found if path.stem in ("source", "result", "index")]


@pytest.mark.parametrize(("form", "kind"), [
    (None, "video/mp4"), ("mkv", "video/x-matroska"), ("webm", "video/webm"),
])  # fmt: skip
def test_a_clip_comes_back_in_the_requested_container(
    form: str | None, kind: str, server: Server, tmp_path: Path
) -> None:
    source = write_clip(tmp_path / "in.mp4", panned(5))
    status, data, headers = send(server, source.read_bytes(), **({"format": form} if form else {}))
    assert (status, headers["content-type"]) == (200, kind)
    result = tmp_path / f"out.{form or 'mp4'}"
    result.write_bytes(data)
    for old, new in zip(read_clip(source)[0], read_clip(result)[0], strict=True):
        assert np.abs(255 - old.astype(int) - new).mean() < 4
    wait_until(lambda: not files(server))


def test_the_apis_errors_are_one_line(server: Server, tmp_path: Path) -> None:
    data = write_clip(tmp_path / "in.mp4", panned(3)).read_bytes()
    status, reason = error(send(server, b"no clip"))
    assert status == 400
    assert reason.startswith("cannot be opened as a video")
    assert error(send(server, data, format="exe")) == (
        400, "format: must be one of mp4, m4v, mov, mkv, webm, not exe"
    )  # fmt: skip
    assert error(send(server, data, strength=7)) == (400, "strength: must be from 0 to 1, not 7.0")
    assert error(ask(server, "GET", "/api/clip")) == (
        405, "send the clip as the body of a POST request"
    )  # fmt: skip
    form = {"Content-Type": "multipart/form-data; boundary=x"}
    assert error(ask(server, "POST", "/api/clip", b"--x--", **form)) == (
        415, "send the clip as the body: curl --data-binary @clip.mp4"
    )  # fmt: skip
    wait_until(lambda: not files(server))


def test_a_second_clip_is_answered_503_and_who_hangs_up_stops_the_work(
    server: Server, tmp_path: Path
) -> None:
    data = write_clip(tmp_path / "in.mp4", panned(20)).read_bytes()
    address = urlsplit(server.address)
    server.hold.touch()  # blocks the first frame
    try:
        first = http.client.HTTPConnection(address.hostname or "", address.port)
        first.request("POST", "/api/clip?model=negative&direction=ab", data)
        wait_until(lambda: any(path.name == "index.json" for path in files(server)))
        assert error(send(server, data)) == (503, "another clip is in work; try again later")
        first.sock.close()
        first.close()
    finally:
        server.hold.unlink()
    wait_until(lambda: not files(server))
    assert send(server, data)[0] == 200


def visit_tab(seen: Visit, clip: Path) -> None:
    seen.page.get_by_role("tab", name="A clip").click()
    seen.button("Translate clip").wait_for()
    seen.page.locator("#clip input[type=file]").set_input_files(clip)
    seen.page.locator("#clip .file-preview tr").first.wait_for()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_clip_is_translated_played_and_downloaded_on_a_phone(
    scheme: str, visit: Callable[..., Visit], tmp_path: Path
) -> None:
    source = write_clip(tmp_path / "walk.mp4", panned(12), sound=True, format="yuv420p")
    seen = visit(viewport={"width": 390, "height": 844}, color_scheme=scheme)
    visit_tab(seen, source)
    seen.button("Translate clip").click()
    player = seen.page.locator("#played video")
    player.wait_for()
    seen.page.wait_for_function("document.querySelector('#played video').readyState >= 2")
    size = seen.page.evaluate("(() => { const video = document.querySelector('#played video');"
                              " return [video.videoWidth, video.videoHeight]; })()")  # fmt: skip
    assert size == [64, 48]
    name, data = seen.taken_home("Download clip")
    assert name == "walk-negative-ab.mp4"
    result = tmp_path / name
    result.write_bytes(data)
    first = read_clip(result)[0][0]
    assert np.abs(255 - read_clip(source)[0][0].astype(int) - first).mean() < 8  # half chroma
    seen.check()


def test_a_broken_clip_gets_a_sentence_and_a_running_one_can_be_stopped(
    server: Server, visit: Callable[..., Visit], tmp_path: Path
) -> None:
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(b"no clip")
    seen = visit()
    visit_tab(seen, broken)
    seen.button("Translate clip").click()
    assert "cannot be opened as a video" in seen.rejection()
    other = visit()
    visit_tab(other, write_clip(tmp_path / "long.mp4", panned(20)))
    server.hold.touch()
    try:
        other.button("Translate clip").click()
        other.page.get_by_text("of 20 frames").wait_for()
        other.button("Stop clip").click()
        other.page.get_by_text("Stopped.").wait_for(timeout=30 * SECONDS)
    finally:
        server.hold.unlink()
    wait_until(lambda: not [path for path in server.folder.rglob("*") if path.suffix == ".part"])
    other.check()
