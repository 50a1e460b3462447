"""Many uploaded pictures, zips among them, translated into one zip."""

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
"""Bytes that are read from a zip at once. Its list of members is, so this bounds the list too: some
ten thousand names of usual length."""
THUMBNAIL = 240
"""Pixels of the longer side of what is shown of a batch."""
METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
"""Others may need gigabytes before they give a byte."""


@dataclass(frozen=True)
class Upload:
    """A file that somebody sent."""

    path: Path
    """Where it lies here."""
    name: str
    """What its owner calls it: never a path of ours."""


@dataclass(frozen=True)
class Entry:
    """A picture of a batch: an upload, or a member of one."""

    upload: Upload
    archive: zipfile.ZipFile | None = None
    member: zipfile.ZipInfo | None = None

    @property
    def name(self) -> str:
        """What its owner calls it."""
        return self.member.filename if self.member else self.upload.name


@dataclass(frozen=True)
class Progress:
    """How far a batch is."""

    done: int
    total: int
    failed: int
    name: str = ""
    """What the owner calls the last one."""
    failure: str = ""
    """Why it could not be translated."""
    picture: Picture | None = None
    """Its translation, small."""


class CautiousFile(io.FileIO):
    """A file that does not let itself be read into memory as a whole."""

    def read(self, size: int | None = -1, /) -> bytes:
        """Read like a file; BadZipFile for more than MOST_READ bytes."""
        rest = os.fstat(self.fileno()).st_size - self.tell()
        if min(rest, rest if size is None or size < 0 else size) > MOST_READ:
            raise zipfile.BadZipFile("a list of members that is too long")
        return super().read(size)


def translate_batch(
    studio: Studio, uploads: Sequence[Upload], wish: Wish, target: Path
) -> Iterator[Progress]:
    """Translate uploads and the members of uploaded zips into the zip `target`, in their order.

    Yields before the first picture and after every one. What fails is listed in failed.tsv in the
    zip.
    RejectedError for too many pictures, a damaged zip, or where none could be translated.
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
                        f"skipped: a batch has at most {limits.max_batch_megapixels:g} megapixels "
                        "together"
                    )
                done = studio.translate(source, folder / "done", wish)
            except RejectedError as error:
                failures.append((entry.name, str(error)))
                yield Progress(number, len(entries), len(failures), *failures[-1])
                continue
            result.write(done.file, free.take(str(clean_name(entry.name)), done.file.suffix))
            done.file.unlink()
            small = shown(done.after, THUMBNAIL)
            yield Progress(number, len(entries), len(failures), entry.name, picture=small)
        if len(failures) == len(entries):
            raise RejectedError(f"{printable(failures[0][0])}: {failures[0][1]}")
        if failures:
            lines = (f"{printable(name)}\t{printable(why)}\n" for name, why in failures)
            result.writestr(FAILED, HEADER + "".join(lines))


def _list_entries(uploads: Sequence[Upload], limits: ServeOptions, stack: ExitStack) -> list[Entry]:
    """Return the pictures of uploads; the zips among these stay open as long as the stack."""
    entries: list[Entry] = []
    for upload in uploads:
        entries += _members(upload, stack) if zipfile.is_zipfile(upload.path) else [Entry(upload)]
        if len(entries) > limits.max_files:
            raise RejectedError(f"{len(entries)} pictures; a batch has at most {limits.max_files}")
    if not entries:
        raise RejectedError("no pictures: give images, or zips with images in them")
    return entries


def _members(upload: Upload, stack: ExitStack) -> list[Entry]:
    """Return the members of a zip that have the name of an image; hidden ones are skipped."""
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
    """Return the file of an entry: an upload's own, or `place` with a member's bytes.

    RejectedError for what is not a file, is encrypted or damaged, or unpacks to more than an upload
    may have.
    """
    if entry.archive is None or entry.member is None:
        return entry.upload.path
    info = entry.member
    if stat.S_ISLNK(info.external_attr >> 16):
        raise RejectedError("a link, which is not followed")
    if info.flag_bits & 1:
        raise RejectedError("encrypted")
    if info.compress_type not in METHODS:
        raise RejectedError("compressed in a rare way: store or deflate it")
    if info.file_size > limits.max_bytes:
        raise RejectedError(f"more than {limits.max_megabytes:g} MB unpacked")
    try:
        # zipfile gives no more bytes than the list of members says, which was looked at above.
        with entry.archive.open(info) as packed, place.open("wb") as file:
            shutil.copyfileobj(packed, file, MOST_READ)
    except Exception as error:  # damage has many kinds, zlib's and struct's among them
        raise RejectedError(f"damaged: {reason_of(place, error)}") from error
    return place


def _count_megapixels(path: Path, limits: ServeOptions) -> float:
    try:
        width, height = read_size(path, max_megapixels=limits.max_megapixels)
    except ValueError as error:
        raise RejectedError(reason_of(path, error)) from error
    return width * height / 1e6
