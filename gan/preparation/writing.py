"""The chosen pictures into their folders: copied, linked, or frames written; each whole or not."""

import filecmp
import json
import os
import shutil
from collections import defaultdict
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from tqdm import tqdm

from gan.config.choices import Split
from gan.domains import Domain
from gan.images import encode_image
from gan.preparation import video
from gan.preparation.candidates import Candidate
from gan.preparation.options import Link
from gan.preparation.place import CHOSEN
from gan.system.atomic import write_whole


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
        reason = copy_or_link(one.candidate.source, output / one.name, link)
        return (one, reason) if reason else None

    with ThreadPoolExecutor(os.cpu_count()) as threads:
        try:
            outcomes = tqdm(threads.map(job, jobs), total=len(jobs), unit="file", disable=None)
            return [outcome for outcome in outcomes if outcome]
        finally:
            threads.shutdown(cancel_futures=True)


def copy_or_link(source: Path, target: Path, link: Link) -> str | None:
    """Copy or link a file, whole or not at all, unless it is there; why it cannot be read."""
    if os.path.lexists(target):
        check_own(target, SAME[link](source, target))
        return None
    if link == "copy":
        try:
            original = source.open("rb")
        except OSError as error:
            return error.strerror or str(error)
        with original:
            write_whole(target, lambda file: shutil.copyfileobj(original, file), replace=False)
        return None
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        (os.link if link == "hard" else os.symlink)(source.resolve(), target)
    except OSError as error:
        reason = error.strerror or error
        raise OSError(f"{target}: cannot be a link ({reason}): leave --link out") from error
    return None


def equal(source: Path, target: Path) -> bool:
    """Whether two files have the same content."""
    return target.is_file() and filecmp.cmp(source, target, shallow=False)


def points(source: Path, target: Path) -> bool:
    """Whether the one is a symbolic link to the other."""
    return target.is_symlink() and target.resolve() == source.resolve()


SAME: dict[Link, Callable[[Path, Path], bool]] = {
    "copy": equal,
    "hard": lambda source, target: target.exists() and source.samefile(target),
    "symbolic": points,
}
"""Whether a file is what would be put there."""


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
