"""Read the API's requests, and send files as answers."""

import asyncio
import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import BinaryIO, TypeVar, cast

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response, StreamingResponse

from gan.config.choices import Format
from gan.serve.models import Choice, choose
from gan.serve.studio import RejectedError, Wish

Number = TypeVar("Number", int, float)

SECONDS = 300
"""Most seconds that sending a file may take."""
KEYS = ("model", "direction", "strength", "tile", "format", "size")
STATUSES = {RejectedError: 400, ClientDisconnect: 400, TimeoutError: 408}


async def one_line(_: Request, error: Exception) -> Response:
    """Return an error as a JSON response."""
    if isinstance(error, HTTPException):
        return JSONResponse({"error": error.detail}, error.status_code)
    reason = "sending the file took too long" if isinstance(error, TimeoutError) else str(error)
    return JSONResponse({"error": reason}, STATUSES[type(error)])


def check_body(request: Request, what: str) -> None:
    """Raise HTTPException if a request is not a file as its body; `what` names it."""
    if request.method != "POST":
        raise HTTPException(405, f"send the {what} as the body of a POST request")
    if request.headers.get("content-type", "").lower().startswith("multipart/"):
        name = {"image": "photo.jpg"}.get(what, "clip.mp4")
        raise HTTPException(415, f"send the {what} as the body: curl --data-binary @{name}")


async def received(request: Request, place: Path) -> None:
    """Write a request's body to a file; TimeoutError after SECONDS. The gate limits its length."""
    async with asyncio.timeout(SECONDS):
        with place.open("wb") as body:
            async for chunk in request.stream():
                body.write(chunk)


def sent(file: BinaryIO, kind: str) -> Response:
    """Return an open file as a response. Its name may be deleted by now."""
    return StreamingResponse(
        _chunks(file),
        media_type=kind,
        headers={"content-length": str(os.fstat(file.fileno()).st_size)},
    )


def _chunks(file: BinaryIO) -> Iterator[bytes]:
    with file:
        yield from iter(lambda: file.read(2**18), b"")


def read_wish(given: Mapping[str, str], choices: list[Choice]) -> Wish:
    """Return the wish that a URL's parameters set; RejectedError if one is unknown or invalid."""
    if unknown := [key for key in given if key not in KEYS]:
        raise RejectedError(f"unknown parameter {unknown[0][:40]}; use one of {', '.join(KEYS)}")
    try:
        choice = choose(choices, given.get("model"), given.get("direction"))
    except ValueError as error:
        raise RejectedError(str(error)) from error
    strength = _number("strength", float, given.get("strength", "1"))
    tile = _number("tile", int, given["tile"]) if "tile" in given else None
    size = _number("size", int, given["size"]) if "size" in given else None
    return Wish(choice, strength, tile, cast("Format | None", given.get("format")), size)


def _number(key: str, kind: Callable[[str], Number], text: str) -> Number:
    try:
        return kind(text)
    except ValueError as error:
        raise RejectedError(f"{key}: {text[:40]!r} is not a number") from error
