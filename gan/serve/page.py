"""The page: its tabs, and the controls that they share."""

import html
import json
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gradio as gr

from gan.inference.folder.plan import SUFFIXES
from gan.serve.clip_tab import one_clip
from gan.serve.many import many_pictures
from gan.serve.models import Choice
from gan.serve.single import one_picture
from gan.serve.studio import Studio
from gan.serve.tidy import AGE

CSS = Path(__file__).with_name("page.css")
JS = Path(__file__).with_name("page.js")
SIZES = (256, 512, 1024)
AT_ONCE = 4
"""Number of requests that are processed at the same time; they take turns after each image."""


def build_page(studio: Studio) -> Any:
    """Return a Gradio application."""
    with gr.Blocks(title="Translate pictures", analytics_enabled=False) as page:
        gr.Markdown("# Translate pictures", elem_id="head")
        purpose = gr.HTML(in_words(studio.choices[0]), elem_id="purpose", padding=False)
        with gr.Row():
            main = [
                gr.Dropdown(
                    [(choice.label, at) for at, choice in enumerate(studio.choices)], value=0,
                    label="Model and direction", filterable=False, min_width=300,
                ),
                gr.Slider(
                    0, 1, 1, step=0.05, label="Strength", min_width=300,
                    info="0 is the original picture, 1 the full translation",
                ),
            ]  # fmt: skip
        # Rendered further down, but the buttons' events need them here.
        rare = [
            gr.Dropdown(
                [("automatic", 0), ("256", 256), ("512", 512), ("1024", 1024)], value=0,
                label="Tiles", filterable=False, min_width=300, render=False,
                info="Pixels per side, for large pictures; the result is the same",
            ),
            gr.Dropdown(
                [("as the original", ""), *((name.upper(), name) for name in SUFFIXES)], value="",
                label="Format of the result", filterable=False, min_width=300, render=False,
                info="PNG and TIFF keep 16 bits per channel",
            ),
            gr.Dropdown(
                list(working_sizes(studio)), value=0, label="Working size", filterable=False,
                min_width=300, render=False,
                info="Pixels of the shorter side; smaller is coarser",
            ),
        ]  # fmt: skip
        with gr.Tab("One picture"):
            one_picture(studio, [*main, *rare])
        with gr.Tab("Many pictures"):
            many_pictures(studio, [*main, *rare])
        with gr.Tab("A clip"):
            one_clip(studio, [*main, *rare])
        with gr.Accordion("More", open=False), gr.Row():
            for control in rare:
                control.render()
        limits = studio.limits
        gr.Markdown(
            f"Pictures up to {limits.max_megapixels:g} megapixels; uploads up to "
            f"{limits.max_megabytes:g} MB, {limits.max_files} pictures at once. "
            f"Clips up to {limits.max_clip_seconds:g} seconds, {limits.max_clip_frames} frames and "
            f"{limits.max_clip_megapixels:g} megapixels a frame. "
            f"Files are deleted after {AGE // 60} minutes.",
            elem_id="limits",
        )
        # In the browser alone: Gradio's client can miss the result of a request that it sends just
        # as the one before ends, and a visitor may press Translate right after this choice.
        texts = json.dumps([in_words(choice) for choice in studio.choices])
        main[0].change(None, main[0], purpose, js=f"(at) => {texts}[at]")
    page.queue(max_size=limits.max_queue, default_concurrency_limit=AT_ONCE)
    return page


def working_sizes(studio: Studio) -> Iterator[tuple[str, int]]:
    """Yield labels and pixels of the working sizes to choose from, including training sizes."""
    trained = defaultdict[int, list[str]](list)
    for choice in studio.choices:
        if choice.translator.trained_at:
            trained[choice.translator.trained_at].append(choice.model)
    yield "the picture's own", 0
    for size in sorted({*SIZES, *trained}):
        everywhere = len(trained[size]) == len(studio.choices)
        whose = "" if everywhere else f" of {', '.join(dict.fromkeys(trained[size]))}"
        yield f"{size}, as in the training{whose}" if trained[size] else str(size), size


def in_words(choice: Choice) -> str:
    """Return a model's description as HTML; empty if there is none."""
    title, text = html.escape(choice.about.title), html.escape(choice.about.text)
    return (f"<b>{title}</b> " if title else "") + text
