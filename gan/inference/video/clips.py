"""Translate clips: find shots, translate their segments on all processes, join the segments."""

import shutil
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from itertools import chain
from typing import Any, BinaryIO

from gan.images.budget import present
from gan.inference.video import parts, shots
from gan.inference.video.encoding import codec_of
from gan.inference.video.muxing import write_clip
from gan.inference.video.painter import Errors
from gan.inference.video.plan import ClipJob
from gan.inference.video.segments import translate_segments
from gan.inference.video.settings import FrameMethod, Settings
from gan.inference.video.shots import Ready, Segment, work_folder
from gan.system.atomic import disk_is_full, write_whole
from gan.system.failures import Failure, failure
from gan.system.processes import Processes
from gan.system.text import number_of

BYTES = 60
"""Memory a pixel of a frame takes: decoders hold several frames."""
CALM = 0.5
"""A warping error, in gray levels, that is not visible, even if the original's is smaller."""

Share = list[tuple[Ready, list[Segment]]]
"""Segments of clips that are still to be translated."""


def translate_clips(
    jobs: Sequence[ClipJob], settings: Settings, processes: Processes
) -> list[Failure]:
    """Translate clips on all processes; return the failures."""
    failures: list[Failure] = []
    todo = [job for job in jobs if not job.done]
    # As many clips at once as there are processes: short clips may have one shot each.
    for first in range(0, len(todo), processes.world):
        group = todo[first : first + processes.world]
        failures += _translate_group(group, settings, processes)
    return failures


def _translate_group(
    group: Sequence[ClipJob], settings: Settings, processes: Processes
) -> list[Failure]:
    """Translate some clips: find their shots, translate these, and join their segments."""
    found = processes.gather(
        lambda: [_attempt(_ready, j, settings) for j in processes.share(group)]
    )
    ready = [one for one in found if isinstance(one, Ready)]
    failures = [one for one in found if isinstance(one, Failure)]
    shares = processes.once(lambda: _shares(ready, settings.method, processes.world))
    failures += processes.gather(lambda: _translate_share(shares[processes.rank], settings))
    bad = {failed.source for failed in failures}
    good = [clip for clip in ready if clip.job.source not in bad]
    failures += processes.gather(
        lambda: [
            result
            for clip in processes.share(good)
            if (result := _attempt(_finish, clip, settings)) is not None
        ]
    )
    if processes.main:
        for failed in failures:
            settings.say(failed.source, failed.reason)
        for job in group:
            if any(failed.source == job.source for failed in failures):
                shutil.rmtree(work_folder(job.target), ignore_errors=True)
    return failures


def _attempt(function: Any, job: Any, settings: Settings) -> Any:
    """Return a function's result, or the failure that it raised; a full disk is raised."""
    try:
        return function(job, settings)
    except Exception as error:  # libraries and other people's models raise nearly everything
        if disk_is_full(error):
            raise
        return failure(getattr(job, "job", job).source, error)


def _ready(job: ClipJob, settings: Settings) -> Ready:
    """Find the shots of a clip, or read what an earlier run found."""
    width, height = job.size
    tile = settings.method.tile(width, height)
    folder, facts = work_folder(job.target), settings.facts(job)
    index = shots.read_index(folder, facts)
    if index is None:
        with present().held(BYTES * width * height):
            index = shots.make_index(
                job.source, settings.max_megapixels, job.frames, settings.limits,
                shown=settings.shown,
            )  # fmt: skip
        index = replace(index, tile=tile)
        shots.write_index(folder, index, facts)
    shots.clean(folder)
    for remark in index.clip.remarks:
        settings.say(job.source, remark)
    ready = Ready(job, index)
    if done := sum(map(len, _finished(ready, settings.method))):
        frames = number_of(len(index.pts), "frames")
        settings.say(job.source, f"continuing: {done} of {frames} exist already")
    return ready


def _segments(clip: Ready, method: FrameMethod) -> list[Segment]:
    """Return all segments of a clip, in order."""
    return [*chain.from_iterable(clip.index.chains(linked=method.linked, most=method.segment))]


def _finished(clip: Ready, method: FrameMethod) -> list[Segment]:
    """Return the segments that an earlier run has finished."""
    return [one for one in _segments(clip, method) if parts.part_file(clip.folder, one).exists()]


def _shares(ready: Sequence[Ready], method: FrameMethod, world: int) -> list[Share]:
    """Return each process's missing segments of each clip; long shots are assigned first."""
    chains = [
        (sum(map(len, todo)), number, todo)
        for number, clip in enumerate(ready)
        for linked in clip.index.chains(linked=method.linked, most=method.segment)
        if (todo := [one for one in linked if not parts.part_file(clip.folder, one).exists()])
    ]
    loads = [0] * world
    shares: list[dict[int, list[Segment]]] = [{} for _ in range(world)]
    for frames, number, segments in sorted(chains, key=lambda item: -item[0]):
        least = loads.index(min(loads))
        loads[least] += frames
        shares[least].setdefault(number, []).extend(segments)
    return [
        [(ready[number], sorted(share[number], key=lambda one: one.start)) for number in share]
        for share in shares
    ]


def _translate_share(share: Share, settings: Settings) -> list[Failure]:
    """Translate this process's segments; return the failures. The main process shows a bar."""
    failures: list[Failure] = []
    for clip, segments in sorted(share, key=lambda item: item[0].job.source):
        frames = sum(map(len, segments))
        title, shown = clip.job.source.name, settings.shown
        with settings.progress(frames, "frames", title=title, shown=shown) as bar:
            failed = _attempt(
                partial(translate_segments, segments=segments, bar=bar), clip, settings
            )
        if failed is not None:
            failures.append(failed)
    return failures


def _finish(clip: Ready, settings: Settings) -> None:
    """Write a clip whose segments all exist, and remove its work folder."""
    job, index = clip.job, clip.index
    segments = _segments(clip, settings.method)
    remarks: list[str] = []

    def save(file: BinaryIO) -> None:
        timed = zip(parts.read_packets(clip.folder, segments), index.durations, strict=True)
        remarks.extend(
            write_clip(
                job.source, job.target, file, index.clip, codec_of(job.target), settings.quality,
                timed, settings.max_megapixels,
            )
        )  # fmt: skip

    write_whole(job.target, save, replace=settings.overwrite)
    for remark in remarks:
        settings.say(job.source, remark)
    errors = parts.read_errors(clip.folder, segments)
    settings.say(job.source, _about(index.starts, errors, settings.method.advice))
    shutil.rmtree(clip.folder)


def _about(starts: Sequence[int], errors: Errors, advice: str) -> str:
    """Return the line about a clip that is done; `advice` says what to try if it flickers."""
    count = number_of(len(starts), "shots")
    if not errors.pairs:
        return count
    source, translation, known = (
        value / errors.pairs for value in (errors.source, errors.translation, errors.known)
    )
    calm = translation <= max(source, CALM)
    verdict = "good: it flickers no more than the original" if calm else "it flickers more than "
    verdict += "" if calm else f"the original: {advice}"
    return (
        f"{count}; warping error between frames: {translation:.2f} gray levels, original "
        f"{source:.2f} (over {100 * known:.0f}% of the pixels): {verdict}"
    )
