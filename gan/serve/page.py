"""The page: what is on it, and what happens when somebody presses a button.

Inputs are changed after they are made: Gradio writes a file beside subclasses of its components.
"""

import html
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp
from typing import Any, Literal

import gradio as gr

from gan.config.choices import Format
from gan.images import IMAGE_SUFFIXES, write_picture
from gan.inference.folder.plan import SUFFIXES
from gan.serve.batch import Progress, Upload, translate_batch
from gan.serve.studio import RejectedError, Studio, Wish, shown
from gan.serve.tidy import AGE

CSS = Path(__file__).with_name("page.css")
Form = Format | Literal[""]
AT_ONCE = 4
"""Requests that are worked on at a time, a picture of each in turn."""


def build_page(studio: Studio) -> Any:
    """Return a Gradio application."""
    with gr.Blocks(title="Translate pictures", analytics_enabled=False) as page:
        gr.Markdown("# Translate pictures", elem_id="head")
        with gr.Row():
            main = [
                gr.Dropdown(
                    [(choice.label, at) for at, choice in enumerate(studio.choices)], value=0,
                    label="Model and direction", filterable=False, min_width=300,
                ),
                gr.Slider(
                    0, 1, 1, step=0.05, label="Strength", min_width=300,
                    info="0 leaves the picture as it is, 1 is all of the translation",
                ),
            ]  # fmt: skip
        # Rendered further down; the buttons' events have to know them.
        rare = [
            gr.Dropdown(
                [("automatic", 0), ("256", 256), ("512", 512), ("1024", 1024)], value=0,
                label="Tiles", filterable=False, min_width=300, render=False,
                info="Side in pixels, for large pictures; the result is the same",
            ),
            gr.Dropdown(
                [("as the original", ""), *((name.upper(), name) for name in SUFFIXES)], value="",
                label="Format of the result", filterable=False, min_width=300, render=False,
                info="PNG and TIFF keep 16 bits a channel",
            ),
        ]  # fmt: skip
        with gr.Tab("One picture"):
            _one_picture(studio, [*main, *rare])
        with gr.Tab("Many pictures"):
            _many_pictures(studio, [*main, *rare])
        with gr.Accordion("More", open=False), gr.Row():
            for control in rare:
                control.render()
        limits = studio.limits
        gr.Markdown(
            f"Pictures up to {limits.max_megapixels:g} megapixels; uploads up to "
            f"{limits.max_megabytes:g} MB, {limits.max_files} pictures at once. "
            f"Files are deleted after {AGE // 60} minutes.",
            elem_id="limits",
        )
    page.queue(max_size=limits.max_queue, default_concurrency_limit=AT_ONCE)
    return page


def _one_picture(studio: Studio, wishes: list[Any]) -> None:
    """Add the tab for one picture: before and after side by side, and the file to download."""
    with gr.Row():
        with gr.Column():
            photo = _take_only_uploads(
                gr.Image(
                    sources=["upload", "webcam", "clipboard"], buttons=[], label="Picture",
                    height=420,
                )
            )  # fmt: skip
            button = gr.Button("Translate", variant="primary")
        with gr.Column():
            slider = gr.ImageSlider(
                label="Before and after", interactive=False, height=420, max_height=420,
                buttons=["fullscreen"],
            )  # fmt: skip
            download = gr.DownloadButton("Download", interactive=False)

    def translate(
        upload: Upload | None, choice: int, strength: float, tile: int, format: Form,
        progress: Any = gr.Progress(),  # noqa: B008, how Gradio is told to pass it
    ) -> Any:  # fmt: skip
        folder = Path(mkdtemp(dir=studio.folder))
        with _in_one_line():
            if upload is None:
                raise RejectedError("choose a picture first")
            wish = Wish(studio.choices[choice], strength, tile or None, format or None)
            target = folder / f"{wish.choice.model}-{wish.choice.direction}"
            done = studio.translate(upload.path, target, wish, progress)
        sides = {folder / "before.jpg": done.before, folder / "after.jpg": done.after}
        for path, picture in sides.items():
            write_picture(shown(picture), path)
        return tuple(sides), gr.DownloadButton(value=done.file, interactive=True)

    button.click(translate, [photo, *wishes], [slider, download], api_visibility="private")


def _many_pictures(studio: Studio, wishes: list[Any]) -> None:
    """Add the tab for files or a zip, which gives a zip."""
    photos = _take_only_uploads(
        gr.File(
            file_count="multiple", file_types=[*sorted(IMAGE_SUFFIXES), ".zip"],
            label="Pictures, or a zip of a folder", height=220,
        ),
        many=True,
    )  # fmt: skip
    with gr.Row():
        button = gr.Button("Translate all", variant="primary")
        stop = gr.Button("Stop")
    state = gr.HTML()
    download = gr.DownloadButton("Download the zip", interactive=False)

    def translate(
        uploads: list[Upload], choice: int, strength: float, tile: int, format: Form
    ) -> Iterator[Any]:
        target = Path(mkdtemp(dir=studio.folder), "translated.zip")
        yield "", gr.DownloadButton(value=None, interactive=False)
        with _in_one_line():
            wish = Wish(studio.choices[choice], strength, tile or None, format or None)
            for step in translate_batch(studio, uploads, wish, target):
                yield _bar(step), gr.skip()
        yield gr.skip(), gr.DownloadButton(value=target, interactive=True)

    running = button.click(
        translate,
        [photos, *wishes],
        [state, download],
        api_visibility="private",
        show_progress="hidden",
    )
    stop.click(None, cancels=[running])


def _bar(step: Progress) -> str:
    """Return how far a batch is, as HTML."""
    failed = f", {step.failed} failed: see failed.tsv in the zip" if step.failed else ""
    return (
        f"<div id='state'><progress value={step.done} max={step.total}></progress>"
        f"{step.done} of {step.total} done{failed}</div>"
    )


@contextmanager
def _in_one_line() -> Iterator[None]:
    """Show what was rejected as one line on the page."""
    try:
        yield
    except RejectedError as error:
        # The page takes it for HTML, and there may be a stranger's name in it.
        raise gr.Error(
            html.escape(str(error)), title="Not translated", print_exception=False
        ) from error


def _take_only_uploads(component: Any, *, many: bool = False) -> Any:
    """Let a component give an Upload or None, or a list of them, and take no other file.

    Gradio's own preprocessing would decode a picture, whatever its size. It would fetch an address
    that stands in place of a file; and, mounted in another application, it would take any file of
    this machine.
    """

    async def stay(place: str | Path | None) -> str | None:
        return None if place is None else str(_uploaded(place, component.GRADIO_CACHE))

    def upload(given: Any) -> Upload:
        # Asked again where it lies: a "stream" is not moved, nor checked.
        path = _uploaded(given.path or "", component.GRADIO_CACHE)
        return Upload(path, given.orig_name or path.name)

    def preprocess(given: Any) -> Upload | list[Upload] | None:
        if many:
            return [upload(each) for each in given or ()]
        return upload(given) if given else None

    component.async_move_resource_to_block_cache = stay
    component.preprocess = preprocess
    return component


def _uploaded(place: str | Path, folder: str) -> Path:
    """Return the place of an upload, with links followed; gr.Error for anything else."""
    path = Path(place).resolve()
    if not path.is_relative_to(Path(folder).resolve()) or not path.is_file():
        raise gr.Error("not an uploaded file", print_exception=False)
    return path
