"""The chosen pictures into their folders: copied, linked, or frames written; each whole or not."""

import filecmp
import json
import os
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from tqdm import tqdm

from gan.config.choices import Split
from gan.domains import Domain
from gan.images import encode_image
from gan.preparation import video
from gan.preparation.candidates import Candidate
from gan.preparation.options import Link
from gan.system.atomic import remove_parts, write_whole
from gan.system.output_folder import copy_file, link_file

SETTINGS, CHOSEN = "preparation.json", "preparation.jsonl"
FOLDERS = ("trainA", "trainB", "testA", "testB")


@dataclass(frozen=True)
class Chosen:
    """A picture with its place in the dataset."""

    candidate: Candidate
    domain: Domain
    split: Split
    group: int | None
    """Number of the group that is kept on one side, for pictures that are not alone."""

    @property
    def name(self) -> Path:
        """Below the output."""
        return Path(f"{self.split}{self.domain.upper()}") / self.candidate.name


Lost = tuple[Chosen, str]
"""What could be read a moment ago, and why no longer."""


def write_files(chosen: Sequence[Chosen], output: Path, link: Link) -> list[Lost]:
    """Copy or link the image files that are not there yet; those that have become unreadable.

    OSError where the output cannot be written, or has another file in the place of one.
    """
    jobs = [one for one in chosen if not one.candidate.frame]

    def job(one: Chosen) -> Lost | None:
        reason = put(one.candidate.source, output / one.name, LINKS[link])
        return (one, reason) if reason else None

    with ThreadPoolExecutor(os.cpu_count()) as threads:
        try:
            outcomes = tqdm(threads.map(job, jobs), total=len(jobs), unit="file", disable=None)
            return [outcome for outcome in outcomes if outcome]
        finally:
            threads.shutdown(cancel_futures=True)


@dataclass(frozen=True)
class LinkKind:
    """How a file is put into its place, and whether it is there already."""

    put: Callable[[Path, Path], None]
    same: Callable[[Path, Path], bool]
    done: str
    """For people."""


def put(source: Path, target: Path, kind: LinkKind) -> str | None:
    """Copy or link a file, whole or not at all, unless it is there; return why it is unreadable."""
    if os.path.lexists(target):
        check_own(target, kind.same(source, target))
        return None
    try:
        source.open("rb").close()
    except OSError as error:
        return error.strerror or str(error)
    kind.put(source, target)
    return None


def equal(source: Path, target: Path) -> bool:
    """Return whether two files have the same content."""
    return target.is_file() and filecmp.cmp(source, target, shallow=False)


def points(source: Path, target: Path) -> bool:
    """Return whether the one is a symbolic link to the other."""
    return target.is_symlink() and target.resolve() == source.resolve()


LINKS: dict[Link, LinkKind] = {
    "copy": LinkKind(copy_file, equal, "copied"),
    "hard": LinkKind(
        link_file,
        lambda source, target: target.exists() and source.samefile(target),
        "linked (hard)",
    ),
    "symbolic": LinkKind(partial(link_file, symbolic=True), points, "linked (symbolic)"),
}


def check_own(target: Path, same: bool) -> None:
    """FileExistsError where something else is in a picture's place."""
    if not same:
        raise FileExistsError(
            f"{target}: is another file than the one that belongs there, and is left alone: move "
            "it away, or give another --output"
        )


def write_frames(chosen: Sequence[Chosen], output: Path) -> list[Lost]:
    """Write the frames that are not there yet as JPEG; those that have become unreadable."""
    videos: dict[Path, dict[int, Chosen]] = defaultdict(dict)
    for one in chosen:
        if frame := one.candidate.frame:
            videos[one.candidate.source][frame.number] = one
    lost: list[Lost] = []
    for source, wanted in videos.items():
        frames = video.numbered(source, wanted)
        for number, image in tqdm(frames, total=len(wanted), unit="frame", disable=None):
            write_frame(encode_image(image, ".jpg"), output / wanted.pop(number).name)
        lost += [(one, "has become unreadable") for one in wanted.values()]
    return lost


def write_frame(content: bytes, target: Path) -> None:
    """Write a frame, whole or not at all, unless it is there."""
    if os.path.lexists(target):
        check_own(target, target.is_file() and target.read_bytes() == content)
    else:
        write_whole(target, lambda file: file.write(content), replace=False)


def write_report(chosen: Sequence[Chosen], output: Path) -> None:
    """A line for each picture: its name, where it is from, its domain, split and group."""
    lines = []
    for one in chosen:
        entry: dict[str, object] = {
            "file": one.name.as_posix(),
            "source": str(one.candidate.source.absolute()),
            "domain": one.domain,
            "split": one.split,
        }
        if frame := one.candidate.frame:
            entry |= {"frame": frame.number, "second": round(frame.second, 3)}
        if one.group is not None:
            entry["group"] = one.group
        lines.append(json.dumps(entry) + "\n")
    write_whole(output / CHOSEN, lambda file: file.write("".join(lines).encode()))


def begin(output: Path, settings: Mapping[str, Any]) -> None:
    """Write what an output is made by, and remove what killed starts have left half written."""
    text = json.dumps(settings, indent=1).encode() + b"\n"
    write_whole(output / SETTINGS, lambda file: file.write(text))
    for name in FOLDERS:
        for parent, _, _ in os.walk(output / name):
            remove_parts(Path(parent))


def check_strangers(output: Path, targets: Collection[Path]) -> None:
    """Raise ValueError for a file in the output's folders that this command would not put there."""
    for name in FOLDERS:
        for path in files(output / name):
            if path not in targets:
                raise ValueError(
                    f"{path}: not chosen by this command, or no longer: move it away, or give "
                    "another --output"
                )


def files(folder: Path) -> Iterable[Path]:
    """Yield all files below a folder, but for hidden ones; links count as files."""
    for parent, folders, names in os.walk(folder):
        links = [name for name in folders if Path(parent, name).is_symlink()]
        yield from (Path(parent, name) for name in (*names, *links) if not name.startswith("."))
