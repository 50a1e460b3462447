"""The page and the API as one application behind one gate."""

import os
from pathlib import Path

import gradio as gr
from starlette.types import ASGIApp

from gan.serve.api import build_api
from gan.serve.gate import Gate
from gan.serve.page import build_page
from gan.serve.studio import Studio

CSS = Path(__file__).with_name("page.css")


def build_app(studio: Studio, hosts: frozenset[str]) -> ASGIApp:
    """An ASGI application that keeps all files of all visitors in the studio's folder.

    `hosts`: the names that it answers to, all if there are none.

    There is one at a time in a process: Gradio asks the environment for its folder.
    """
    folder = studio.folder.resolve()
    os.environ["GRADIO_TEMP_DIR"] = str(folder)
    os.environ["GRADIO_EXAMPLES_CACHE"] = str(folder / "examples")
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
    theme = gr.themes.Base(
        primary_hue="indigo", neutral_hue="slate", radius_size="lg",
        font=["system-ui", "sans-serif"], font_mono=["ui-monospace", "monospace"],
    ).set(
        body_text_color_subdued="*neutral_600", body_text_color_subdued_dark="*neutral_300",
        block_info_text_color="*neutral_600", block_info_text_color_dark="*neutral_300",
    )  # fmt: skip
    app = gr.mount_gradio_app(
        build_api(studio), build_page(studio), "/", theme=theme, css_paths=CSS,
        max_file_size=studio.limits.bytes, allowed_paths=[], show_error=False,
        footer_links=[], run_history=False, ssr_mode=False, mcp_server=False, pwa=False,
        enable_monitoring=False,
    )  # fmt: skip
    return Gate(app, studio.limits, folder, hosts)
