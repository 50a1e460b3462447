"""Translate many uploaded images, and the images in uploaded zips, into one zip."""

import io
import os
import shutil
import stat
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory

from gan.images import IMAGE_SUFFIXES, Picture, read_size
from gan.serve.names import FreeNames, clean_name
from gan.serve.options import ServeOptions
from gan.serve.studio import RejectedError, Studio, Wish, reason_of, shown
from gan.system.failures import FAILED, HEADER
from gan.system.text import printable

MOST_READ = 2**20
"""Largest number of bytes to read from a zip in one call. zipfile reads the list of members in one
call, so this bounds the list, too: to about ten thousand names of usual length."""
THUMBNAIL = 240
"""Pixels of the longer side of a batch's thumbnails."""
METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
"""Supported compression methods. Others may need gigabytes before they return a byte."""


@dataclass(frozen=True)
class Upload:
    """A file that a visitor has sent."""

    path: Path
    """The file on this machine."""
    name: str
    """The visitor's name for it, never a path on this machine."""


@dataclass(frozen=True)
class Entry:
    """An image of a batch: an upload, or a member of an uploaded zip."""

    upload: Upload
    archive: zipfile.ZipFile | None = None
    member: zipfile.ZipInfo | None = None

    @property
    def name(self) -> str:
        """The visitor's name for it."""
        return self.member.filename if self.member else self.upload.name


@dataclass(frozen=True)
class Progress:
    """The progress of a batch: numbers of images, and the last one."""

    done: int
    total: int
    failed: int
    name: str = ""
    """The visitor's name for the last image."""
    failure: str = ""
    """The reason why it could not be translated; empty if it was."""
    picture: Picture | None = None
    """A thumbnail of its translation."""


class CautiousFile(io.FileIO):
    """A file that rejects large reads, so that it cannot fill the memory."""

    def read(self, size: int | None = -1, /) -> bytes:
        """Read up to `size` bytes; BadZipFile if that is more than MOST_READ bytes."""
        rest = os.fstat(self.fileno()).st_size - self.tell()
        if min(rest, rest if size is None or size < 0 else size) > MOST_READ:
            raise zipfile.BadZipFile("its list of members is too long")
        return super().read(size)


def translate_batch(
    studio: Studio, uploads: Sequence[Upload], wish: Wish, target: Path
) -> Iterator[Progress]:
    """Translate uploads and the members of uploaded zips into the zip `target`, in their order.

    Yield progress before the first image and after every image. failed.tsv in the zip lists the
    images that failed. RejectedError for too many images, a damaged zip, or if all images failed.
    """
    limits, free, failures = studio.limits, FreeNames(), list[tuple[str, str]]()
    megapixels = 0.0
    with ExitStack() as stack:
        entries = _list_entries(uploads, limits, stack)
        stack.enter_context(studio.keep([upload.path for upload in uploads]))
        folder = Path(stack.enter_context(TemporaryDirectory(dir=studio.folder)))
        result = stack.enter_context(zipfile.ZipFile(target, "w"))
        yield Progress(0, len(entries), 0)
        for number, entry in enumerate(entries, 1):
            try:
                source = _unpack(entry, folder / "source", limits)
                megapixels += _count_megapixels(source, limits)
                if megapixels > limits.max_batch_megapixels:
                    raise RejectedError(
                        f"skipped: a batch may have at most {limits.max_batch_megapixels:g} "
                        "megapixels in total"
                    )
                done = studio.translate(source, folder / "done", wish)
            except RejectedError as error:
                failures.append((entry.name, str(error)))
                yield Progress(number, len(entries), len(failures), *failures[-1])
                continue
            result.write(done.file, free.take(str(clean_name(entry.name)), done.file.suffix))
            done.file.unlink()
            small = shown(done.after, THUMBNAIL).with_mark(wish.mark)
            yield Progress(number, len(entries), len(failures), entry.name, picture=small)
        if len(failures) == len(entries):
            raise RejectedError(f"{printable(failures[0][0])}: {failures[0][1]}")
        if failures:
            lines = (f"{printable(name)}\t{printable(why)}\n" for name, why in failures)
            result.writestr(FAILED, HEADER + "".join(lines))


def _list_entries(uploads: Sequence[Upload], limits: ServeOptions, stack: ExitStack) -> list[Entry]:
    """Return the images in uploads; uploaded zips stay open until `stack` is closed.

    RejectedError if there are none or too many, or if a zip is damaged.
    """
    entries: list[Entry] = []
    for upload in uploads:
        entries += _members(upload, stack) if zipfile.is_zipfile(upload.path) else [Entry(upload)]
        if len(entries) > limits.max_files:
            raise RejectedError(f"{len(entries)} pictures; at most {limits.max_files} are allowed")
    if not entries:
        raise RejectedError("no pictures: choose images, or zips that contain images")
    return entries


def _members(upload: Upload, stack: ExitStack) -> list[Entry]:
    """Return a zip's members that have an image's suffix and are not hidden.

    RejectedError if the zip is damaged.
    """
    try:
        file = stack.enter_context(CautiousFile(upload.path))
        archive = stack.enter_context(zipfile.ZipFile(file))
    except (zipfile.BadZipFile, ValueError, OSError, RuntimeError, NotImplementedError) as error:
        raise RejectedError(f"{printable(upload.name)}: {reason_of(upload.path, error)}") from error
    return [Entry(upload, archive, info) for info in archive.infolist() if _is_picture(info)]


def _is_picture(info: zipfile.ZipInfo) -> bool:
    parts = PurePosixPath(info.filename.replace("\\", "/")).parts
    hidden = any(part.startswith(".") and part != ".." for part in parts) or "__MACOSX" in parts
    suffix = PurePosixPath(info.filename).suffix.lower()
    return not hidden and not info.is_dir() and suffix in IMAGE_SUFFIXES


def _unpack(entry: Entry, place: Path, limits: ServeOptions) -> Path:
    """Return the file of an entry: the upload, or `place` with the unpacked member.

    RejectedError for a link, an encrypted or damaged member, an unsupported compression, or more
    bytes than an upload may have.
    """
    if entry.archive is None or entry.member is None:
        return entry.upload.path
    info = entry.member
    if stat.S_ISLNK(info.external_attr >> 16):
        raise RejectedError("a link; links are not followed")
    if info.flag_bits & 1:
        raise RejectedError("encrypted")
    if info.compress_type not in METHODS:
        raise RejectedError("compression method not supported: use stored or deflated")
    if info.file_size > limits.max_bytes:
        raise RejectedError(f"more than {limits.max_megabytes:g} MB unpacked")
    try:
        # zipfile returns at most file_size bytes, and that was checked above.
        with entry.archive.open(info) as packed, place.open("wb") as file:
            shutil.copyfileobj(packed, file, MOST_READ)
    except Exception as error:  # damage raises many types, also zlib's and struct's
        raise RejectedError(f"damaged: {reason_of(place, error)}") from error
    return place


def _count_megapixels(path: Path, limits: ServeOptions) -> float:
    try:
        width, height = read_size(path, max_megapixels=limits.max_megapixels)
    except ValueError as error:
        raise RejectedError(reason_of(path, error)) from error
    return width * height / 1e6
