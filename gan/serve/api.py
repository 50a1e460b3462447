"""The HTTP API: `GET /api/models`, `POST /api/translate` with an image, `/api/clip` with a clip.

One application serves the API and the page, behind the gate.
"""

import os
import threading
from pathlib import Path
from tempfile import TemporaryDirectory

import gradio as gr
from fastapi import FastAPI
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp

from gan.inference.folder.plan import SUFFIXES
from gan.serve.clip_api import answer_clip
from gan.serve.clips import FORMATS
from gan.serve.gate import Gate
from gan.serve.page import CSS, JS, build_page
from gan.serve.requests import STATUSES, check_body, one_line, read_wish, received, sent
from gan.serve.studio import Studio

TYPES = {
    ".jpg": "image/jpeg", ".png": "image/png", ".webp": "image/webp", ".avif": "image/avif",
    ".tif": "image/tiff", ".gif": "image/gif", ".bmp": "image/bmp", ".jp2": "image/jp2",
    ".heic": "image/heic",
}  # fmt: skip
METHODS = ["POST", "GET", "PUT", "DELETE", "PATCH"]
"""Of routes that take a file: all but POST are answered with how to send it."""


def _build_api(studio: Studio) -> FastAPI:
    """Return an application with the API's routes; every error is JSON, {"error": one line}."""
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

    async def clip(request: Request) -> Response:
        return await answer_clip(studio, request)

    async def models(_: Request) -> Response:
        directions: dict[str, list[str]] = {}
        for choice in studio.choices:
            directions.setdefault(choice.model, []).append(choice.direction)
        limits = studio.limits
        return JSONResponse({
            "models": directions,
            "formats": list(SUFFIXES),
            "limits": {"megapixels": limits.max_megapixels, "megabytes": limits.max_megabytes},
            "clips": {
                "formats": FORMATS,
                "limits": {
                    "megapixels": limits.max_clip_megapixels, "frames": limits.max_clip_frames,
                    "seconds": limits.max_clip_seconds, "megabytes": limits.max_megabytes,
                },
            },
        })  # fmt: skip

    api.add_route("/api/models", models, methods=["GET"])
    api.add_route("/api/translate", translate, methods=METHODS)
    api.add_route("/api/clip", clip, methods=METHODS)
    return api


async def answer(studio: Studio, request: Request, places: threading.BoundedSemaphore) -> Response:
    """Return the translation of a request's body, in its format or the requested one.

    A request enters the queue after its body has arrived, so that slow senders do not make others
    wait.
    """
    check_body(request, "image")
    wish = read_wish(request.query_params, studio.choices)
    with TemporaryDirectory(dir=studio.folder) as folder:
        source, target = Path(folder, "source"), Path(folder, "result")
        await received(request, source)
        if not places.acquire(blocking=False):
            raise HTTPException(503, "too many requests are waiting; try again later")
        try:
            done = await run_in_threadpool(studio.translate, source, target, wish)
        finally:
            places.release()
        file = done.file.open("rb")
    # The file's name is deleted by now; its space is freed when it has been sent or closed.
    return sent(file, TYPES.get(done.file.suffix, "application/octet-stream"))


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
