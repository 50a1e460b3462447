"""The HTTP API: `GET /api/models`, and `POST /api/translate` with an image as its body."""

import asyncio
import os
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, BinaryIO, TypeVar, cast

from fastapi import FastAPI
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response, StreamingResponse

from gan.config.choices import Format
from gan.inference.folder.plan import SUFFIXES
from gan.serve.models import Choice, choose
from gan.serve.studio import RejectedError, Studio, Wish

Number = TypeVar("Number", int, float)

SECONDS = 300
"""That sending an image may take: whoever sends has a place in the queue."""
KEYS = ("model", "direction", "strength", "tile", "format")
TYPES = {
    ".jpg": "image/jpeg", ".png": "image/png", ".webp": "image/webp", ".avif": "image/avif",
    ".tif": "image/tiff", ".gif": "image/gif", ".bmp": "image/bmp", ".jp2": "image/jp2",
    ".heic": "image/heic",
}  # fmt: skip
STATUSES = {RejectedError: 400, ClientDisconnect: 400, TimeoutError: 408}


def build_api(studio: Studio) -> FastAPI:
    """An application with the two routes; every error is JSON, {"error": one line}."""
    # FastAPI's pages of documentation would load scripts from elsewhere.
    api = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    places = threading.BoundedSemaphore(studio.limits.queue)

    async def translate(request: Request) -> Response:
        if not places.acquire(blocking=False):
            raise HTTPException(503, "too many are waiting; try again later")
        try:
            return await answer(studio, request)
        finally:
            places.release()

    async def models(_: Request) -> Response:
        return JSONResponse(served(studio))

    api.add_route("/api/models", models, methods=["GET"])
    api.add_route("/api/translate", translate, methods=["POST"])
    for kind in (HTTPException, *STATUSES):
        api.add_exception_handler(kind, one_line)
    return api


async def one_line(_: Request, error: Exception) -> Response:
    """What an error says."""
    if isinstance(error, HTTPException):
        return JSONResponse({"error": error.detail}, error.status_code)
    reason = "sending the image took too long" if isinstance(error, TimeoutError) else str(error)
    return JSONResponse({"error": reason}, STATUSES[type(error)])


def served(studio: Studio) -> dict[str, Any]:
    """What can be asked for."""
    models: dict[str, list[str]] = {}
    for choice in studio.choices:
        models.setdefault(choice.model, []).append(choice.direction)
    limits = studio.limits
    return {
        "models": models,
        "formats": list(SUFFIXES),
        "limits": {"megapixels": limits.megapixels, "megabytes": limits.megabytes},
    }


async def answer(studio: Studio, request: Request) -> Response:
    """The translation of a request's body, in its own format or the one that is asked for."""
    if request.headers.get("content-type", "").startswith("multipart/"):
        raise HTTPException(415, "send the image as the body: curl --data-binary @photo.jpg")
    wish = read_wish(request.query_params, studio.choices)
    with TemporaryDirectory(dir=studio.folder) as name:
        folder = Path(name)
        async with asyncio.timeout(SECONDS):
            await receive_body(request, folder / "source")

        def target(suffix: str) -> Path:
            return folder / f"result{suffix}"

        done = await run_in_threadpool(studio.translate, folder / "source", target, wish)
        file = target(done.suffix).open("rb")
    # The file has no name any more, and is gone when it has been sent or nobody wants it.
    length = {"content-length": str(os.fstat(file.fileno()).st_size)}
    kind = TYPES.get(done.suffix, "application/octet-stream")
    return StreamingResponse(chunks(file), media_type=kind, headers=length)


def chunks(file: BinaryIO) -> Iterator[bytes]:
    with file:
        while chunk := file.read(2**18):
            yield chunk


async def receive_body(request: Request, place: Path) -> None:
    """Write what is sent into a file; the gate has an eye on its length."""
    with place.open("wb") as file:
        async for chunk in request.stream():
            file.write(chunk)


def read_wish(given: Mapping[str, str], choices: list[Choice]) -> Wish:
    """What the parameters of an address mean; RejectedError names the one that is wrong."""
    for key in given:
        if key not in KEYS:
            raise RejectedError(f"no parameter {key[:40]}; there are {', '.join(KEYS)}")
    try:
        choice = choose(choices, given.get("model"), given.get("direction"))
    except ValueError as error:
        raise RejectedError(str(error)) from error
    strength = number("strength", float, given.get("strength", "1"))
    tile = number("tile", int, given["tile"]) if "tile" in given else None
    return Wish(choice, strength, tile, cast("Format | None", given.get("format")))


def number(key: str, kind: Callable[[str], Number], text: str) -> Number:
    try:
        return kind(text)
    except ValueError as error:
        raise RejectedError(f"{key}: {text[:40]!r} is no number") from error
