"""Open video files from any source. Requires the extra `video` (PyAV)."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any, BinaryIO

from gan.config.choices import MAX_MEGAPIXELS
from gan.images.formats import ImageError
from gan.system.atomic import disk_is_full

SUFFIXES = (".mp4", ".m4v", ".mov", ".mkv", ".webm", ".avi", ".mpg", ".mpeg", ".ts", ".ogv")
LIMITS = {"format_whitelist": "mov,matroska,avi,mpeg,mpegts,ogg", "protocol_whitelist": ""}
"""The container formats that FFmpeg may open. It detects formats by content: without a limit, a
playlist that is named like a video would make it open other files and servers."""
SPARE = 1.5
"""Decoders may make frames of this number of times the most pixels that are allowed."""
EXTRA = "videos need the extra `video`: pip install 'gan-translation[video]'"


def videos_can_be_read() -> bool:
    """Return whether the extra `video` is installed."""
    return find_spec("av") is not None


@contextmanager
def opened_clip(path: Path, max_megapixels: float = MAX_MEGAPIXELS) -> Iterator[tuple[Any, Any]]:
    """Open a video file; yield PyAV's container and the stream of moving pictures.

    ImageError, in one line, without the extra, for a file that is not a video or holds only sound
    and a cover, and for frames of more than max_megapixels. FFmpeg's errors inside the block become
    ImageError, too.
    """
    try:
        import av
    except ImportError as error:
        raise ImageError(f"{path}: {EXTRA}") from error
    try:
        with path.open("rb") as file, _container(path, file) as container:
            stream = next(filter(_moves, container.streams.video), None)
            if stream is None:
                raise ImageError(f"{path}: contains no video")
            if stream.width * stream.height / 1e6 > max_megapixels:
                raise ImageError(f"{path}: frames of more than {max_megapixels:g} megapixels")
            # Later frames can be larger than the header says; sides are rounded up to blocks.
            most = int(SPARE * max_megapixels * 1e6)
            stream.codec_context.options = {"max_pixels": str(most)}
            try:
                yield container, stream
            finally:
                # PyAV frees a decoder with the GIL held. That waits for the decoder's threads, and
                # they wait for the GIL if they log (complaints). Emptying it first waits without.
                stream.codec_context.flush_buffers()
    except (OSError, av.FFmpegError) as error:
        if disk_is_full(error):  # of the caller, who writes meanwhile
            raise
        raise ImageError(f"{path}: {error.strerror or error}") from error


def _container(path: Path, file: BinaryIO) -> Any:
    """Return PyAV's container of an open file; ImageError if it cannot be opened."""
    import av

    if not os.fstat(file.fileno()).st_size:
        raise ImageError(f"{path}: the file is empty")
    try:
        # FFmpeg might read a name as an address; an open file has no name.
        return av.open(file, options=LIMITS)
    except av.FFmpegError as error:
        raise ImageError(
            f"{path}: cannot be opened as a video: it is another kind of file, damaged, or cut off "
            f"({error.strerror or error})"
        ) from error


@contextmanager
def complaints() -> Iterator[list[str]]:
    """Yield a list that collects FFmpeg's logged errors; damage does not stop decoding."""
    import av.logging as log

    found: list[str] = []
    before = log.get_level()
    log.set_level(log.ERROR)
    try:
        with log.Capture(local=False) as lines:
            yield found
            found += [text.strip() for _, _, text in lines]
    finally:
        log.set_level(before)


def _moves(stream: Any) -> bool:
    """Return whether a stream is a video, rather than the cover picture of a piece of music."""
    return not int(stream.disposition) & stream.disposition.attached_pic
