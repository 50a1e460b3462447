"""The HTTP API and its limits, over a real connection."""

import json
import os
import socket
import threading
import time
from contextlib import ExitStack
from typing import Any
from urllib.parse import urlencode, urlsplit

import numpy as np
import pytest

from tests.support.hostile import huge_png
from tests.support.serving import Picture, Server, ask, pixels
from tests.support.standin import LIMITS


@pytest.fixture(params=["plain_server", "secure_server"])
def server(request: pytest.FixtureRequest) -> Server:
    """Return a server with http, then one with https: all tests run with both."""
    found: Server = request.getfixturevalue(request.param)
    return found


def translate(server: Server, data: Any, **wish: Any) -> tuple[int, bytes, dict[str, str]]:
    wish = {"model": "negative", "direction": "ab"} | wish
    return ask(server, "POST", f"/api/translate?{urlencode(wish)}", data)


def error(answer: tuple[int, bytes, dict[str, str]]) -> tuple[int, str]:
    return answer[0], json.loads(answer[1])["error"]


def test_models_are_listed_with_the_limits(server: Server) -> None:
    status, body, _ = ask(server, "GET", "/api/models")
    assert status == 200
    assert json.loads(body) == {
        "models": {"negative": ["ab", "ba"], "same": ["ab"]},
        "formats": ["png", "jpeg", "webp", "avif", "tiff"],
        "limits": {"megapixels": 0.1, "megabytes": 1},
        "clips": {
            "formats": ["mp4", "m4v", "mov", "mkv", "webm"],
            "limits": {"megapixels": 0.1, "frames": 40, "seconds": 4, "megabytes": 1},
        },
    }


@pytest.mark.parametrize("method", ["GET", "PUT"])
def test_other_methods_are_answered_with_the_right_one(server: Server, method: str) -> None:
    status, message = error(ask(server, method, "/api/translate", b""))
    assert status == 405
    assert message == "send the image as the body of a POST request"


def test_an_image_is_translated_with_the_requested_settings(
    server: Server, picture: Picture
) -> None:
    data = picture("a.png").read_bytes()
    status, result, headers = translate(server, data)
    assert (status, headers["content-type"]) == (200, "image/png")
    np.testing.assert_array_equal(pixels(result), 255 - pixels(data))
    _, half, headers = translate(server, data, strength=0, format="tiff")
    assert headers["content-type"] == "image/tiff"
    np.testing.assert_array_equal(pixels(half), pixels(data))
    _, same, _ = translate(server, data, model="same")
    np.testing.assert_array_equal(pixels(same), pixels(data))
    assert list(server.folder.glob("*/source")) == []


@pytest.mark.parametrize(("wish", "reason"), [
    ({"model": "manet"}, "model manet: not served; available: negative, same"),
    ({"direction": "xy"}, "direction xy: not served; model negative has ab and ba"),
    ({"strength": "much"}, "strength: 'much' is not a number"),
    ({"strength": "nan"}, "strength: must be from 0 to 1, not nan"),
    ({"strength": "2"}, "strength: must be from 0 to 1, not 2.0"),
    ({"tile": "1e9"}, "tile: '1e9' is not a number"),
    ({"format": "../x"}, "format: must be one of png, jpeg, webp, avif, tiff, not ../x"),
    ({"stile": "1"}, "unknown parameter stile; "
     "use one of model, direction, strength, tile, format, size"),
    ({"size": "9"}, "size: must be from 16 to 4096, not 9"),
    ({"size": "big"}, "size: 'big' is not a number"),
])  # fmt: skip
def test_an_invalid_parameter_is_named(
    server: Server, picture: Picture, wish: dict[str, str], reason: str
) -> None:
    assert error(translate(server, picture("a.png").read_bytes(), **wish)) == (400, reason)


def test_a_body_that_cannot_be_translated_is_rejected_in_one_line(server: Server) -> None:
    assert error(translate(server, b"")) == (400, "empty file")
    text = b"no image at all, but long enough to be one"
    assert error(translate(server, text)) == (400, "not an image of a known kind")
    bomb = huge_png(20_000, 15_000)
    assert error(translate(server, bomb)) == (400, "300.0 megapixels; at most 0.1 allowed")


def test_a_form_is_answered_with_how_to_send_an_image(server: Server) -> None:
    answer = ask(
        server,
        "POST",
        "/api/translate",
        b"--x--",
        **{"Content-Type": "multipart/form-data; boundary=x"},
    )
    assert error(answer) == (415, "send the image as the body: curl --data-binary @photo.jpg")


@pytest.mark.parametrize("path", ["/api/translate?model=same", "/gradio_api/upload"])
@pytest.mark.parametrize("chunked", [False, True])
def test_too_large_an_upload_is_rejected(server: Server, path: str, chunked: bool) -> None:
    form = b'--x\r\nContent-Disposition: form-data; name="files"; filename="a.png"\r\n\r\n'
    head = form if "upload" in path else b""
    body: Any = head + bytes(LIMITS.max_bytes)
    if chunked:
        body = iter([head, *[bytes(100_000)] * 10, b"1"])
    kind = {"Content-Type": "multipart/form-data; boundary=x"} if head else {}
    try:
        status, answer, _ = ask(server, "POST", path, body, **kind)
    except (BrokenPipeError, ConnectionResetError):
        return  # the server closed the connection before the end
    if chunked or head:
        assert (status, b"more than 1 MB" in answer) == (413, True)
    else:
        assert status == 400  # the length is exactly the limit


def test_requests_beyond_the_queue_are_rejected(server: Server, picture: Picture) -> None:
    data, answers = picture("a.png").read_bytes(), list[int]()

    def go() -> None:
        answers.append(translate(server, data)[0])

    threads = [threading.Thread(target=go) for _ in range(2 * LIMITS.max_queue)]
    server.hold.touch()  # blocks the first translation
    for thread in threads:
        thread.start()
    while len(answers) < LIMITS.max_queue:  # the rejected ones are answered first
        time.sleep(0.01)
    server.hold.unlink()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [200] * LIMITS.max_queue + [503] * LIMITS.max_queue


def test_slow_senders_take_no_place_in_the_queue(plain_server: Server, picture: Picture) -> None:
    """Twice the allowed number have begun to send, and another request is still answered."""
    address = urlsplit(plain_server.address)
    head = (
        b"POST /api/translate?model=negative&direction=ab HTTP/1.1\r\n"
        b"Host: localhost\r\nContent-Length: 9999\r\n\r\nbegun"
    )
    with ExitStack() as slow:
        for _ in range(2 * LIMITS.max_queue):
            place = (address.hostname or "", address.port or 0)
            slow.enter_context(socket.create_connection(place, timeout=60)).sendall(head)
        while len(list(plain_server.folder.glob("*/source"))) < 2 * LIMITS.max_queue:
            time.sleep(0.01)
        assert translate(plain_server, picture("a.png").read_bytes())[0] == 200


def test_uploads_are_rejected_when_the_folder_is_full(server: Server) -> None:
    place = server.folder / "filler"
    with place.open("wb") as file:
        os.truncate(file.fileno(), LIMITS.kept_bytes + 1)  # a sparse file uses no disk space
    try:
        assert error(translate(server, b"x")) == (
            507,
            "no space for uploads at the moment; try again later",
        )
        assert ask(server, "POST", "/gradio_api/upload", b"x")[0] == 507
    finally:
        place.unlink()
