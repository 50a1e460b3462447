"""The tab for many images or zips, which are translated into a zip."""

import html
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from tempfile import mkdtemp
from typing import Any
from urllib.parse import quote

import gradio as gr

from gan.images import IMAGE_SUFFIXES, write_picture
from gan.serve.batch import Progress, Upload, translate_batch
from gan.serve.gate import FILE
from gan.serve.studio import Studio
from gan.serve.uploads import Form, in_one_line, take_only_uploads, wish_of
from gan.system.text import printable

SHOWN = 24
"""Number of the newest images, and of the newest failures, that are shown."""
STOPPED = "<div id='state'>Stopped.</div>"
START = "(...given) => { if (given[0]?.length) window.gan.start('done'); return given; }"
STOP = "() => ({{ __type__: 'update', interactive: {} }})"
"""JavaScript that enables or disables the stop button."""
ARRIVE = "() => window.gan.arrive('done')"


def many_pictures(studio: Studio, wishes: list[Any]) -> None:
    """Add the tab's components; `wishes` are the controls that it shares with the other tab."""
    photos = take_only_uploads(
        gr.File(
            file_count="multiple", file_types=[*sorted(IMAGE_SUFFIXES), ".zip"],
            label="Pictures, or a zip of a folder", height=220,
        ),
        many=True,
    )  # fmt: skip
    with gr.Row():
        button = gr.Button("Translate all", variant="primary", min_width=160)
        stop = gr.Button("Stop", interactive=False, min_width=100)
    with gr.Column(elem_id="done"):
        state = gr.HTML(padding=False)
        download = gr.DownloadButton("Download the zip", interactive=False)
        shown = gr.HTML(padding=False)

    def translate(
        uploads: list[Upload], choice: int, strength: float, tile: int, form: Form, size: int
    ) -> Iterator[Any]:
        folder = Path(mkdtemp(dir=studio.folder))
        target, shelf = folder / "translated.zip", Shelf(folder)
        yield "", "", gr.DownloadButton(value=None, interactive=False)
        with in_one_line():
            wish = wish_of(studio, choice, strength, tile, form, size)
            for step in translate_batch(studio, uploads, wish, target):
                shelf.take(step)
                yield _bar(step), shelf.html(), gr.skip()
        yield gr.skip(), gr.skip(), gr.DownloadButton(value=target, interactive=True)

    # As the first event, so that the batch can also be stopped while it waits in the queue.
    button.click(None, None, stop, js=STOP.format("true"))
    running = button.click(
        translate,
        [photos, *wishes],
        [state, shown, download],
        api_visibility="private",
        show_progress="hidden",
        js=START,
    )
    running.success(None, js=ARRIVE)
    running.then(None, None, stop, js=STOP.format("false"))
    stop.click(None, None, stop, js=STOP.format("false"), cancels=[running])
    stop.click(lambda: STOPPED, None, state, api_visibility="private", show_progress="hidden")


class Shelf:
    """The newest images of a batch, as thumbnails, and its newest failures."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.number = folder, 0
        self.pictures = deque[tuple[Path, str]]()
        self.failures = deque[tuple[str, str]](maxlen=SHOWN)

    def take(self, step: Progress) -> None:
        """Add the last image or failure; remove the oldest beyond SHOWN, and its file."""
        if step.picture is not None:
            self.number += 1
            path = self.folder / f"small-{self.number}.jpg"
            write_picture(step.picture, path, quality=85)
            self.pictures.append((path, step.name))
            if len(self.pictures) > SHOWN:
                self.pictures.popleft()[0].unlink(missing_ok=True)
        elif step.failure:
            self.failures.append((step.name, step.failure))

    def html(self) -> str:
        """Return images and failures as HTML, the newest first; names are escaped."""
        pictures = "".join(
            f"<figure><img src='{FILE}{quote(str(path))}' alt=''>"
            f"<figcaption title='{text(name)}'>{text(name)}</figcaption></figure>"
            for path, name in reversed(self.pictures)
        )
        failures = "".join(
            f"<li><b>{text(name)}</b>: {text(why)}</li>" for name, why in reversed(self.failures)
        )
        return (f"<div class='thumbnails'>{pictures}</div>" if pictures else "") + (
            f"<ul class='failures'>{failures}</ul>" if failures else ""
        )


def text(given: str) -> str:
    """Return a visitor's text, escaped for HTML."""
    return html.escape(printable(given), quote=True)


def _bar(step: Progress) -> str:
    """Return a batch's progress bar as HTML."""
    failed = f", {step.failed} failed: see failed.tsv in the zip" if step.failed else ""
    return (
        f"<div id='state'><progress value={step.done} max={step.total}></progress>"
        f"{step.done} of {step.total} done{failed}</div>"
    )
