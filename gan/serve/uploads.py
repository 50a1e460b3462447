"""Let the page accept only files that were uploaded to it, without decoding them.

Components are changed after they are created: Gradio writes a .pyi file next to subclasses.
"""

import html
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

import gradio as gr

from gan.config.choices import Format
from gan.serve.batch import Upload
from gan.serve.studio import RejectedError, Studio, Wish

Form = Format | Literal[""]


@contextmanager
def in_one_line() -> Iterator[None]:
    """Turn a RejectedError into a gr.Error, which the page shows in one line."""
    try:
        yield
    except RejectedError as error:
        # The page renders it as HTML, and it may contain a visitor's file name.
        raise gr.Error(
            html.escape(str(error)), title="Not translated", print_exception=False
        ) from error


def wish_of(studio: Studio, choice: int, strength: float, tile: int, form: Form, size: int) -> Wish:
    """Return the wish that the page's controls set; RejectedError for invalid values."""
    return Wish(studio.choices[choice], strength, tile or None, form or None, size or None)


def take_only_uploads(component: Any, *, many: bool = False) -> Any:
    """Make a component return an Upload or None (with `many` a list), and accept only uploads.

    Gradio's preprocessing would decode an image of any size. It would fetch a URL that is given
    instead of a file; and, mounted in another application, it would accept any file of this
    machine.
    """

    async def stay(place: str | Path | None) -> str | None:
        return None if place is None else str(_uploaded(place, component.GRADIO_CACHE))

    def upload(given: Any) -> Upload:
        # The place is checked again: Gradio neither moves nor checks a "stream".
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
    """Return the path of an upload after following links; gr.Error for any other file."""
    path = Path(place).resolve()
    if not path.is_relative_to(Path(folder).resolve()) or not path.is_file():
        raise gr.Error("not an uploaded file", print_exception=False)
    return path
