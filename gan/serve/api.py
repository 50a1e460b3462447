"""The HTTP API: `GET /api/models`, and `POST /api/translate` with an image as its body.

One application serves the API and the page, behind the gate.
"""

import asyncio
import os
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import BinaryIO, TypeVar, cast

import gradio as gr
from fastapi import FastAPI
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.types import ASGIApp

from gan.config.choices import Format
from gan.inference.folder.plan import SUFFIXES
from gan.serve.gate import Gate
from gan.serve.models import Choice, choose
from gan.serve.page import CSS, JS, build_page
from gan.serve.studio import RejectedError, Studio, Wish

Number = TypeVar("Number", int, float)

SECONDS = 300
"""Longest time in seconds that sending an image may take."""
KEYS = ("model", "direction", "strength", "tile", "format", "size")
TYPES = {
    ".jpg": "image/jpeg", ".png": "image/png", ".webp": "image/webp", ".avif": "image/avif",
    ".tif": "image/tiff", ".gif": "image/gif", ".bmp": "image/bmp", ".jp2": "image/jp2",
    ".heic": "image/heic",
}  # fmt: skip
STATUSES = {RejectedError: 400, ClientDisconnect: 400, TimeoutError: 408}


def _build_api(studio: Studio) -> FastAPI:
    """Return an application with the two routes; every error is JSON, {"error": one line}."""
    # FastAPI's documentation pages would load scripts from other sites.
    api = FastAPI(
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        exception_handlers=dict.fromkeys((HTTPException, *STATUSES), one_line),
    )
    places = threading.BoundedSemaphore(studio.limits.max_queue)

    async def translate(request: Request) -> Response:
        return await answer(studio, request, places)

    async def models(_: Request) -> Response:
        directions: dict[str, list[str]] = {}
        for choice in studio.choices:
            directions.setdefault(choice.model, []).append(choice.direction)
        limits = studio.limits
        return JSONResponse({
            "models": directions,
            "formats": list(SUFFIXES),
            "limits": {"megapixels": limits.max_megapixels, "megabytes": limits.max_megabytes},
        })  # fmt: skip

    api.add_route("/api/models", models, methods=["GET"])
    api.add_route("/api/translate", translate, methods=["POST"])
    api.add_route("/api/translate", only_post, methods=["GET", "PUT", "DELETE", "PATCH"])
    return api


async def only_post(_: Request) -> Response:
    """Reject a request that is not a POST."""
    raise HTTPException(405, "send the image as the body of a POST request")


async def one_line(_: Request, error: Exception) -> Response:
    """Return an error as a JSON response."""
    if isinstance(error, HTTPException):
        return JSONResponse({"error": error.detail}, error.status_code)
    reason = "sending the image took too long" if isinstance(error, TimeoutError) else str(error)
    return JSONResponse({"error": reason}, STATUSES[type(error)])


async def answer(studio: Studio, request: Request, places: threading.BoundedSemaphore) -> Response:
    """Return the translation of a request's body, in its format or the requested one.

    A request enters the queue after its body has arrived, so that slow senders do not make others
    wait.
    """
    if request.headers.get("content-type", "").lower().startswith("multipart/"):
        raise HTTPException(415, "send the image as the body: curl --data-binary @photo.jpg")
    wish = _read_wish(request.query_params, studio.choices)
    with TemporaryDirectory(dir=studio.folder) as folder:
        source, target = Path(folder, "source"), Path(folder, "result")
        async with asyncio.timeout(SECONDS):
            with source.open("wb") as body:  # the gate limits its length
                async for chunk in request.stream():
                    body.write(chunk)
        if not places.acquire(blocking=False):
            raise HTTPException(503, "too many requests are waiting; try again later")
        try:
            done = await run_in_threadpool(studio.translate, source, target, wish)
        finally:
            places.release()
        file = done.file.open("rb")
    # The file's name is deleted by now; its space is freed when it has been sent or closed.
    return StreamingResponse(
        _chunks(file),
        media_type=TYPES.get(done.file.suffix, "application/octet-stream"),
        headers={"content-length": str(os.fstat(file.fileno()).st_size)},
    )


def _chunks(file: BinaryIO) -> Iterator[bytes]:
    with file:
        yield from iter(lambda: file.read(2**18), b"")


def _read_wish(given: Mapping[str, str], choices: list[Choice]) -> Wish:
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


def build_app(studio: Studio, hosts: frozenset[str]) -> ASGIApp:
    """Return an ASGI application that keeps all files of all visitors in the studio's folder.

    It answers only requests that are sent to a name in `hosts`; to any name if `hosts` is empty. A
    process can have only one application: Gradio reads its folder from the environment.
    """
    folder = studio.folder.resolve()
    os.environ |= {
        "GRADIO_TEMP_DIR": str(folder),
        "GRADIO_EXAMPLES_CACHE": str(folder / "examples"),
        "GRADIO_ANALYTICS_ENABLED": "False",
    }
    theme = gr.themes.Base(
        primary_hue="indigo", neutral_hue="slate", radius_size="lg",
        font=["system-ui", "sans-serif"], font_mono=["ui-monospace", "monospace"],
    ).set(
        body_text_color_subdued="*neutral_600", body_text_color_subdued_dark="*neutral_300",
        block_info_text_color="*neutral_600", block_info_text_color_dark="*neutral_300",
    )  # fmt: skip
    app = gr.mount_gradio_app(
        _build_api(studio), build_page(studio), "/", theme=theme, css_paths=CSS,
        js=JS.read_text(encoding="utf-8"),
        max_file_size=studio.limits.max_bytes, allowed_paths=[], show_error=False,
        footer_links=[], run_history=False, ssr_mode=False, mcp_server=False, pwa=False,
        enable_monitoring=False,
    )  # fmt: skip
    return Gate(app, studio.limits, folder, hosts)
