"""The shots of a clip, cut into segments that are finished one by one."""

import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from hashlib import sha256
from itertools import pairwise
from pathlib import Path
from typing import Any

from gan.images.clips import complaints
from gan.images.formats import ImageError
from gan.inference.video.cuts import difference, find_cuts, standardized
from gan.inference.video.plan import ClipJob
from gan.inference.video.reading import Clip, decoded, thumbnail
from gan.system.atomic import remove_parts, write_whole
from gan.system.progress import Progress

SEGMENT = 100
"""Largest number of frames in a segment, which a killed translation loses at most."""
INDEX = "index.json"


@dataclass(frozen=True)
class ClipLimits:
    """The longest clips that are taken."""

    frames: int | None = None
    seconds: float | None = None

    def check(self, source: Path, frames: int, seconds: float) -> None:
        """Raise ImageError, with the file's name, for more frames or seconds."""
        for most, found, unit in (
            (self.frames, frames, "frames"),
            (self.seconds, seconds, "seconds"),
        ):
            if most is not None and found > most:
                raise ImageError(f"{source}: a clip of more than {most:g} {unit}")


ANY_LENGTH = ClipLimits()


@dataclass(frozen=True)
class Segment:
    """Frames from `start` up to but not including `stop`."""

    start: int
    stop: int
    continues: bool
    """Whether it needs the state at the end of the segment before."""
    goes_on: bool
    """Whether the segment after it needs the state at its end."""

    def __len__(self) -> int:
        return self.stop - self.start


@dataclass(frozen=True)
class Index:
    """The results of the first pass over a clip; all can be stored as JSON."""

    clip: Clip
    pts: Sequence[int]
    last_duration: int
    starts: Sequence[int]
    """Numbers of the frames that begin a shot."""
    tile: int | None
    """Side of tiles, if frames would not have fit into memory."""

    @property
    def durations(self) -> list[int]:
        """The length of each frame in ticks."""
        steps = [after - before for before, after in pairwise(self.pts)]
        return [*steps, self.last_duration]

    def chains(self, *, linked: bool, most: int) -> list[list[Segment]]:
        """Return lists of segments of `most` frames; a process paints a list from its beginning.

        They are shots, or single segments if frames are not linked, so do not depend on each other.
        """
        chains = []
        for first, end in zip(self.starts, [*self.starts[1:], len(self.pts)], strict=True):
            cuts = [*range(first, end, most), end]
            shot = [
                Segment(start, stop, linked and start > first, linked and stop < end)
                for start, stop in pairwise(cuts)
            ]
            chains += [shot] if linked else [[segment] for segment in shot]
        return chains


def work_folder(target: Path) -> Path:
    """Return the hidden folder beside an output that holds finished segments."""
    return target.with_name(f".{sha256(target.name.encode()).hexdigest()[:24]}.clip")


@dataclass(frozen=True)
class Ready:
    """A clip whose shots are known."""

    job: ClipJob
    index: Index

    @property
    def folder(self) -> Path:
        """The folder of finished segments."""
        return work_folder(self.job.target)


def read_index(folder: Path, settings: Mapping[str, Any]) -> Index | None:
    """Return the index of an earlier run with the same settings, or None.

    settings: all values on which the translation depends.
    """
    try:
        stored = json.loads((folder / INDEX).read_text(encoding="utf-8"))
        if stored.pop("settings") != dict(settings):
            return None
        clip: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value
            for name, value in stored.pop("clip").items()
        }
        return Index(Clip(**clip), **stored)
    except (OSError, ValueError, KeyError, TypeError):
        return None


def write_index(folder: Path, index: Index, settings: Mapping[str, Any]) -> None:
    """Empty a work folder, and write an index to it."""
    if folder.exists():
        shutil.rmtree(folder)
    text = json.dumps({"settings": dict(settings), **asdict(index)})
    write_whole(folder / INDEX, lambda file: file.write(text.encode()))


def make_index(
    source: Path,
    max_megapixels: float,
    frames: int = 0,
    limits: ClipLimits = ANY_LENGTH,
    *,
    shown: bool = False,
) -> Index:
    """Decode a clip once and return its index.

    ImageError if the clip is damaged anywhere, or longer than the limits.

    frames: their number, if known, for the bar. shown: whether to show the bar.
    """
    pts: list[int] = []
    differences: list[float] = []
    last, clip, duration = None, None, 0
    bar = Progress(frames, "frames", title=f"cuts in {source.name}", shown=shown, leave=False)
    with complaints() as found, bar:
        for clip, frame in decoded(source, max_megapixels):
            small = standardized(thumbnail(frame))
            differences.append(0.0 if last is None else difference(last, small))
            pts.append(frame.pts)
            last, duration = small, frame.duration
            limits.check(source, len(pts), float((frame.pts - pts[0]) * clip.tick))
            bar.update()
    assert clip is not None
    if found:
        more = f" and {len(found) - 1} more" if len(found) > 1 else ""
        remark = f"FFmpeg reports damage, which may be missing: {found[0]}{more}"
        clip = replace(clip, remarks=(*clip.remarks, remark))
    return Index(clip, pts, duration, find_cuts(differences), None)


def clean(folder: Path) -> None:
    """Remove half-written files from a work folder."""
    if folder.is_dir():
        remove_parts(folder)
