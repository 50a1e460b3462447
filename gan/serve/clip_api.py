"""The API's route for clips: `POST /api/clip` with a clip as its body."""

import asyncio
from pathlib import Path
from tempfile import TemporaryDirectory

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from gan.serve.clips import FORMATS, ClipTask
from gan.serve.requests import check_body, read_wish, received, sent
from gan.serve.studio import RejectedError, Studio

TYPES = {
    "mp4": "video/mp4", "m4v": "video/mp4", "mov": "video/quicktime", "mkv": "video/x-matroska",
    "webm": "video/webm",
}  # fmt: skip
EVERY = 0.5
"""Seconds between two looks whether the sender still waits."""


async def answer_clip(studio: Studio, request: Request) -> Response:
    """Return the translation of the clip in a request's body, in the requested container.

    503 while another clip is in work. The work is stopped when the sender hangs up.
    """
    check_body(request, "clip")
    given = dict(request.query_params)
    form = given.pop("format", "mp4")
    if form not in FORMATS:
        raise RejectedError(f"format: must be one of {', '.join(FORMATS)}, not {form[:40]}")
    wish = read_wish(given, studio.choices)
    with TemporaryDirectory(dir=studio.folder) as folder:
        source, target = Path(folder, "source"), Path(folder, f"result.{form}")
        await received(request, source)
        if studio.one_clip.locked():
            raise HTTPException(503, "another clip is in work; try again later")
        await _awaited(ClipTask(studio, source, target, wish), request)
        file = target.open("rb")
    return sent(file, TYPES[form])


async def _awaited(task: ClipTask, request: Request) -> None:
    """Run a task; stop it when the sender hangs up."""
    work = asyncio.ensure_future(run_in_threadpool(task.run))
    try:
        while not (await asyncio.wait({work}, timeout=EVERY))[0]:
            if await request.is_disconnected():
                task.stopped.set()
        work.result()
    finally:
        task.stopped.set()
        await asyncio.wait({work})
