"""Plan the clips of a translation: their outputs, and which of these exist."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from gan.images.clips import EXTRA, SUFFIXES, opened_clip, videos_can_be_read
from gan.images.folder import reason_not_taken
from gan.inference.video.encoding import CODECS, OTHERS, codec_of
from gan.system.failures import Failure, failure
from gan.system.text import number_of


@dataclass(frozen=True)
class ClipJob:
    """A clip, and the file for its translation."""

    source: Path
    target: Path
    done: bool
    """Whether the file existed before, and is kept."""
    size: tuple[int, int]
    """(width, height) as stored."""
    frames: int
    """Number of frames that the header gives, or 0."""


@dataclass(frozen=True)
class Clips:
    """The clips of an input, sorted by name, and those that cannot be translated."""

    jobs: tuple[ClipJob, ...] = ()
    failures: tuple[Failure, ...] = ()
    remark: str | None = None
    """A line of text: why clips are not translated, or which options do not apply to them."""

    @property
    def total(self) -> int:
        """The number of clips, including those that cannot be translated."""
        return len(self.jobs) + len(self.failures)


def is_clip(path: Path) -> bool:
    """Return whether a file's suffix is that of a video."""
    return path.suffix.lower() in SUFFIXES


def clip_targets(clips: Sequence[Path], source: Path, target: Path) -> list[tuple[Path, Path]]:
    """Return (clip, output) for clips of the folder `source`, or for the file `source` itself.

    If a clip's container cannot be written, the output has another suffix. If that name is another
    clip's, the old suffix is kept: a.avi.mkv.
    """
    if clips == [source] and target.suffix and not target.is_dir():
        return [(source, target)]
    base = source if source.is_dir() else source.parent
    clips = sorted(clips, key=lambda clip: clip.relative_to(base).as_posix())
    names = [clip.relative_to(base) for clip in clips]
    present = set(names)
    return [
        (clip, target / (name if name.suffix.lower() in CODECS else _other(name, present)))
        for clip, name in zip(clips, names, strict=True)
    ]


def _other(name: Path, present: set[Path]) -> Path:
    new = name.with_suffix(OTHERS)
    return name.with_name(name.name + OTHERS) if new in present else new


def plan_clips(
    pairs: Sequence[tuple[Path, Path]],
    source: Path,
    overwrite: bool,
    max_megapixels: float,
    unused: Sequence[str] = (),
) -> Clips:
    """Read the headers of clips; return those that can be translated, and failures.

    pairs: (clip, output). source: the input folder, or the input file. unused: names of options
    that are set but apply to images only. Without the extra `video`, clips in a folder are not
    failures, only a remark.
    """
    if pairs and source.is_dir() and not videos_can_be_read():
        return Clips(remark=f"{number_of(len(pairs), 'clips')} not translated: {EXTRA}")
    root = source.resolve() if source.is_dir() else None
    found = [_job(*pair, root, overwrite, max_megapixels) for pair in pairs]
    return Clips(
        tuple(one for one in found if isinstance(one, ClipJob)),
        tuple(one for one in found if isinstance(one, Failure)),
        _remark(len(pairs), unused),
    )


def _remark(count: int, unused: Sequence[str]) -> str | None:
    """Return a line about options that do not apply to `count` clips; None without such options."""
    if not count or not unused:
        return None
    options = " and ".join(f"--{key}" for key in unused)
    verb = "is" if len(unused) == 1 else "are"
    return f"{options} {verb} for images only: ignored for {number_of(count, 'clips')}"


def _job(
    source: Path, target: Path, root: Path | None, overwrite: bool, max_megapixels: float
) -> ClipJob | Failure:
    """Return the job of a clip, or the reason why it cannot be translated.

    root: resolved folder that links must not leave, or None for a single file.
    """
    try:
        codec_of(target)
        if root is not None and (reason := reason_not_taken(source, root)):
            return Failure(source, reason)
        if target.is_dir():
            return Failure(source, f"{target} is a folder")
        if target.is_symlink() and not target.exists():
            return Failure(source, f"{target} is a link to nothing: remove it")
        with opened_clip(source, max_megapixels) as (_, stream):
            size, frames = (stream.width, stream.height), stream.frames
    except ValueError as error:
        return failure(source, error)
    return ClipJob(source, target, not overwrite and os.path.lexists(target), size, frames)
