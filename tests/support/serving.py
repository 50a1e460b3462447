"""A served page, and requests to it."""

import http.client
import io
import json
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
from PIL import Image


@dataclass(frozen=True)
class Server:
    """Another process that serves a page."""

    address: str
    folder: Path
    """Folder for the files of its visitors."""

    @property
    def hold(self) -> Path:
        """A file that makes translations wait while it exists."""
        return self.folder.parent / "hold"


Picture = Callable[..., Path]


def ask(
    server: Server, method: str, path: str, body: Any = None, **headers: str
) -> tuple[int, bytes, dict[str, str]]:
    """Return status, body and headers of a request; the path is sent unchanged."""
    address = urlsplit(server.address)
    place = address.hostname or "", address.port
    connection = (
        http.client.HTTPSConnection(*place, timeout=60, context=ssl._create_unverified_context())
        if address.scheme == "https"
        else http.client.HTTPConnection(*place, timeout=60)
    )
    try:
        chunked = not isinstance(body, bytes | str | None)
        connection.request(method, path, body, headers, encode_chunked=chunked)
        answer = connection.getresponse()
        lower = {name.lower(): value for name, value in answer.getheaders()}
        return answer.status, answer.read(), lower
    finally:
        connection.close()


def functions(server: Server) -> list[int]:
    """The numbers of what the buttons Translate and Translate all do."""
    config = json.loads(ask(server, "GET", "/config")[1])
    buttons = {each["props"].get("value"): each["id"] for each in config["components"]}
    return [
        next(
            each["id"] for each in config["dependencies"]
            if [buttons[name], "click"] in each["targets"] and each["backend_fn"]
        )
        for name in ("Translate", "Translate all")
    ]  # fmt: skip


def pixels(data: bytes) -> np.ndarray[Any, np.dtype[np.int64]]:
    with Image.open(io.BytesIO(data)) as image:
        return np.asarray(image.convert("RGB")).astype(np.int64)
