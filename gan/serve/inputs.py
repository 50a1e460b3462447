"""Gradio's components for what people send, without decoding it and without trusting it.

They are changed after they are made: Gradio writes a file beside every subclass of its components.
"""

from pathlib import Path
from typing import Any

import gradio as gr

from gan.images import IMAGE_SUFFIXES
from gan.serve.batch import Upload


def photo_input(**options: Any) -> Any:
    """A picture that is dropped, chosen, pasted or taken; an Upload, or None.

    Gradio's own preprocessing would decode it, whatever its size.
    """
    photo = gr.Image(sources=["upload", "webcam", "clipboard"], buttons=[], **options)
    take_only_uploads(photo)
    photo.preprocess = lambda given: to_upload(given, photo.GRADIO_CACHE) if given else None
    return photo


def photos_input(**options: Any) -> Any:
    """Pictures and zips of pictures; a list of Uploads."""
    types = [*sorted(IMAGE_SUFFIXES), ".zip"]
    photos = gr.File(file_count="multiple", file_types=types, **options)
    take_only_uploads(photos)
    photos.preprocess = lambda given: [to_upload(each, photos.GRADIO_CACHE) for each in given or ()]
    return photos


def take_only_uploads(component: Any) -> None:
    """Let a component take no file but what somebody has sent to this page.

    Gradio would fetch an address that stands in place of a file; and, mounted in another
    application, it would take any file of this machine.
    """

    async def stay(place: str | Path | None) -> str | None:
        return None if place is None else str(uploaded(place, component.GRADIO_CACHE))

    component.async_move_resource_to_block_cache = stay


def to_upload(given: Any, folder: str) -> Upload:
    """What is known of a file. Asked again where it lies: a "stream" is not moved, nor checked."""
    path = uploaded(given.path or "", folder)
    return Upload(path, given.orig_name or path.name)


def uploaded(place: str | Path, folder: str) -> Path:
    """The place of an upload, with links followed; gr.Error for anything else."""
    path = Path(place).resolve()
    if not path.is_relative_to(Path(folder).resolve()) or not path.is_file():
        raise gr.Error("not an uploaded file", print_exception=False)
    return path
