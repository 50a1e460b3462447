"""The tab for a clip: its progress, the result to play, and the download."""

import threading
from collections.abc import Iterator
from pathlib import Path
from tempfile import mkdtemp
from typing import Any
from urllib.parse import quote

import gradio as gr

from gan.images.clips import EXTRA, SUFFIXES, videos_can_be_read
from gan.serve.batch import Upload
from gan.serve.clips import ClipTask
from gan.serve.gate import FILE
from gan.serve.many import STOP, STOPPED, text
from gan.serve.names import file_name
from gan.serve.studio import RejectedError, Studio
from gan.serve.uploads import Form, in_one_line, take_only_uploads, wish_of

EVERY = 0.5
"""Seconds between two updates of the progress."""
SUFFIX = ".mp4"
"""Container of results: all browsers play it."""
START = "(...given) => { if (given[0]) window.gan.start('played'); return given; }"
ARRIVE = "() => window.gan.arrive('played')"


def one_clip(studio: Studio, wishes: list[Any]) -> None:
    """Add the tab's components; `wishes` are the controls that it shares with the other tabs."""
    if not videos_can_be_read():
        gr.Markdown(f"Clips are not translated here: {EXTRA}")
        return
    clip = take_only_uploads(
        gr.File(
            file_types=list(SUFFIXES), height=160, elem_id="clip",
            label="Clip",
        )
    )  # fmt: skip
    with gr.Row():
        button = gr.Button("Translate clip", variant="primary", min_width=160)
        stop = gr.Button("Stop clip", interactive=False, min_width=100)
    with gr.Column(elem_id="played"):
        state = gr.HTML(padding=False)
        shown = gr.HTML(padding=False)
        download = gr.DownloadButton("Download clip", interactive=False)

    def translate(
        upload: Upload | None, choice: int, strength: float, tile: int, form: Form, size: int
    ) -> Iterator[Any]:
        yield "", "", gr.DownloadButton(value=None, interactive=False)
        with in_one_line():
            if upload is None:
                raise RejectedError("choose a clip first")
            wish = wish_of(studio, choice, strength, tile, "", size)
            name = file_name(upload.name, wish.choice.model, wish.choice.direction)
            target = Path(mkdtemp(dir=studio.folder)) / f"{name}{SUFFIX}"
            task = ClipTask(studio, upload.path, target, wish)
            for bar in watched(task):
                yield bar, gr.skip(), gr.skip()
        yield summary(task), player(target), gr.DownloadButton(value=target, interactive=True)

    # As the first event, so that the work can also be stopped while it waits in the queue.
    button.click(None, None, stop, js=STOP.format("true"))
    running = button.click(
        translate, [clip, *wishes], [state, shown, download], api_visibility="private",
        show_progress="hidden", js=START, concurrency_limit=1,
    )  # fmt: skip
    running.success(None, js=ARRIVE)
    running.then(None, None, stop, js=STOP.format("false"))
    stop.click(None, None, stop, js=STOP.format("false"), cancels=[running])
    stop.click(lambda: STOPPED, None, state, api_visibility="private", show_progress="hidden")


def watched(task: ClipTask) -> Iterator[str]:
    """Run a task on another thread, and yield its progress as HTML; RejectedError if it fails.

    The task is stopped if the iterator is closed.
    """
    errors: list[RejectedError] = []

    def work() -> None:
        try:
            task.run()
        except RejectedError as error:
            errors.append(error)

    thread = threading.Thread(target=work, name="clip", daemon=True)
    thread.start()
    try:
        while thread.is_alive():
            yield progress(task)
            thread.join(EVERY)
    finally:
        task.stopped.set()  # it ends, and cleans up, after the frame that is in work
    if errors:
        raise errors[0]


def progress(task: ClipTask) -> str:
    """Return a task's progress bar as HTML."""
    if not task.total:
        return "<div id='state'><progress></progress>Looking for cuts</div>"
    return (
        f"<div id='state'><progress value={task.done} max={task.total}></progress>"
        f"{task.done} of {task.total} frames</div>"
    )


def summary(task: ClipTask) -> str:
    """Return the remarks about a finished clip as HTML."""
    items = "".join(f"<li>{text(remark)}</li>" for remark in task.remarks)
    return f"<ul class='failures'>{items}</ul>"


def player(path: Path) -> str:
    """Return a player of a clip as HTML."""
    return f"<video src='{FILE}{quote(str(path))}' controls loop muted playsinline></video>"
