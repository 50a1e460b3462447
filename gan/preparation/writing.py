"""Write the chosen pictures to their folders: copies, links, or frames, each file atomically."""

import filecmp
import json
import os
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from gan.images import ImageError, encode_image
from gan.images.stacks import cut_page
from gan.inspection.survey import in_threads
from gan.preparation import video
from gan.preparation.candidates import Candidate
from gan.preparation.options import Link
from gan.system.atomic import remove_parts, write_whole
from gan.system.output_folder import copy_file, link_file
from gan.system.progress import counted

SETTINGS, CHOSEN = "preparation.json", "preparation.jsonl"
FOLDERS = ("trainA", "trainB", "testA", "testB")

Lost = tuple[Candidate, str]
"""A picture that was readable before, and why it no longer is."""


def write_files(chosen: Sequence[Candidate], output: Path, link: Link) -> list[Lost]:
    """Copy or link the image files that the output lacks; return those that became unreadable.

    OSError if the output cannot be written, or if another file has a picture's name.
    """
    jobs = [one for one in chosen if one.frame is None]
    reasons = in_threads(partial(_put, output=output, link=link), jobs, "files")
    return [(one, reason) for one, reason in zip(jobs, reasons, strict=True) if reason]


def _put(one: Candidate, output: Path, link: Link) -> str | None:
    """Copy or link a file atomically, unless that is done; return why it is unreadable, or None."""
    source, target = one.source, output / one.target
    if one.page is not None:
        return _put_page(source, one.page, target)
    if os.path.lexists(target):
        _check_own(target, _is_put(source, target, link))
        return None
    try:
        source.open("rb").close()
    except OSError as error:
        return error.strerror or str(error)
    if link == "copy":
        copy_file(source, target)
    else:
        link_file(source, target, symbolic=link == "symbolic")
    return None


def _put_page(source: Path, page: int, target: Path) -> str | None:
    """Write a page of a stack unless its file exists; return why it is unreadable, or None."""
    try:
        content = cut_page(source, page)
    except ImageError as error:
        return str(error).removeprefix(f"{source}: ")
    _write_frame(content, target)
    return None


def _is_put(source: Path, target: Path, link: Link) -> bool:
    """Return whether a target is a copy of a source, or the requested kind of link to it."""
    if link == "copy":
        return target.is_file() and filecmp.cmp(source, target, shallow=False)
    if link == "hard":
        return target.exists() and source.samefile(target)
    return target.is_symlink() and target.resolve() == source.resolve()


def _check_own(target: Path, same: bool) -> None:
    """Raise FileExistsError unless `same`: another file has a picture's name."""
    if not same:
        raise FileExistsError(
            f"{target}: exists and is not the file that belongs there; it is kept: move it away, "
            "or give another --output"
        )


def write_frames(chosen: Sequence[Candidate], output: Path) -> list[Lost]:
    """Write the missing frames as JPEG; return those that have become unreadable."""
    videos: dict[Path, dict[int, Candidate]] = defaultdict(dict)
    for one in chosen:
        if one.frame is not None:
            videos[one.source][one.frame] = one
    lost: list[Lost] = []
    for source, wanted in videos.items():
        frames = video.numbered(source, wanted)
        for number, image in counted(frames, len(wanted), "frames"):
            _write_frame(encode_image(image, ".jpg"), output / wanted.pop(number).target)
        lost += [(one, "has become unreadable") for one in wanted.values()]
    return lost


def _write_frame(content: bytes, target: Path) -> None:
    """Write a frame or a page, atomically, unless that is done."""
    if os.path.lexists(target):
        _check_own(target, target.is_file() and target.read_bytes() == content)
    else:
        write_whole(target, lambda file: file.write(content), replace=False)


def write_report(chosen: Sequence[Candidate], output: Path) -> None:
    """Write preparation.jsonl: each picture's name, source, domain, split and group."""
    lines = []
    for one in chosen:
        entry = {
            "file": one.target.as_posix(),
            "source": str(one.source.absolute()),
            "domain": one.domain,
            "split": one.split,
            "frame": one.frame,
            "page": one.page,
            "second": None if one.frame is None else round(one.second, 3),
            "group": one.group,
        }
        known = {key: value for key, value in entry.items() if value is not None}
        lines.append(json.dumps(known) + "\n")
    write_whole(output / CHOSEN, lambda file: file.write("".join(lines).encode()))


def begin(output: Path, settings: Mapping[str, Any]) -> None:
    """Write the settings of an output, and remove incomplete files of earlier, killed starts."""
    text = json.dumps(settings, indent=1) + "\n"
    write_whole(output / SETTINGS, lambda file: file.write(text.encode()))
    for name in FOLDERS:
        for parent, _, _ in os.walk(output / name):
            remove_parts(Path(parent))


def check_strangers(output: Path, targets: Collection[Path]) -> None:
    """Raise ValueError for a file in the output's folders that this command would not write."""
    for name in FOLDERS:
        for path in (output / name).rglob("*"):
            folder = path.is_dir() and not path.is_symlink()  # a link counts as a file
            if not (folder or path in targets or path.name.startswith(".")):
                raise ValueError(
                    f"{path}: is not (or no longer) among the chosen images: move it away, or give "
                    "another --output"
                )
