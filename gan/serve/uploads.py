"""What the page takes: files that were uploaded to it, as they are, and nothing else.

Inputs are changed after they are made: Gradio writes a file beside subclasses of its components.
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
    """Show what was rejected as one line on the page."""
    try:
        yield
    except RejectedError as error:
        # The page takes it for HTML, and there may be a stranger's name in it.
        raise gr.Error(
            html.escape(str(error)), title="Not translated", print_exception=False
        ) from error


def wish_of(studio: Studio, choice: int, strength: float, tile: int, form: Form, size: int) -> Wish:
    """Return what the controls of the page say; RejectedError where that cannot be."""
    return Wish(studio.choices[choice], strength, tile or None, form or None, size or None)


def take_only_uploads(component: Any, *, many: bool = False) -> Any:
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
