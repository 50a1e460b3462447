"""Translate an uploaded clip as `gan translate` does, taking turns with other visitors."""

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from gan.images.pixels import blend
from gan.inference.video.clips import translate_clips
from gan.inference.video.color import Pixels
from gan.inference.video.encoding import CODECS
from gan.inference.video.painter import FramePainter, Painter
from gan.inference.video.plan import ClipJob, plan_clips
from gan.inference.video.settings import Settings, Translation
from gan.inference.video.shots import ClipLimits
from gan.serve.studio import RejectedError, Studio, Wish, rejected
from gan.system.processes import Processes
from gan.system.progress import Progress

FORMATS = tuple(suffix.removeprefix(".") for suffix in CODECS)
"""Containers of results."""
QUALITY = 95
"""As in `gan translate`."""
STOPPED = "stopped"


class TurnPainter(Painter):
    """Translates frames; each takes a turn."""

    def __init__(self, turn: AbstractContextManager[object], strength: float, *given: Any) -> None:
        """turn: entered for each frame; strength: of the translation, from 0 to 1."""
        super().__init__(*given)
        self.turn, self.strength = turn, strength

    def paint(self, frame: Pixels, seconds: float) -> Pixels:
        """Return the translation of a frame, blended with the frame by the strength."""
        with self.turn:
            translation = super().paint(frame, seconds)
        result: Pixels = blend(frame, translation, self.strength)
        return result


@dataclass(frozen=True, kw_only=True)
class Turns(Translation):
    """Frames are translated by turns."""

    turn: AbstractContextManager[object]
    strength: float

    @property
    def advice(self) -> str:
        """What to try if the translation flickers more than the original."""
        return "a smaller working size may flicker less"

    def painter(self, tile: int | None, scratch: Path) -> FramePainter:
        """Return a painter that takes turns."""
        return TurnPainter(self.turn, self.strength, self.translator, self.steady, tile, scratch)


class ClipTask:
    """The translation of one clip; `run` is called on another thread."""

    def __init__(self, studio: Studio, source: Path, target: Path, wish: Wish) -> None:
        """target: a file in the studio's folder, with the suffix of a container."""
        self.studio, self.source, self.target, self.wish = studio, source, target, wish
        self.done = self.total = 0
        """Numbers of frames; the total is 0 until the shots are known."""
        self.remarks: list[str] = []
        """Remarks about the clip, such as what could not be kept."""
        self.stopped = threading.Event()

    def run(self) -> None:
        """Translate the clip; RejectedError gives the reason in one line, without a file's name.

        One clip is in work at a time; others wait here.
        """
        studio = self.studio
        with studio.one_clip, studio.keep([self.target.parent, self.source]):
            try:
                self._check()
                with TemporaryDirectory(dir=studio.folder) as scratch, studio.keep([Path(scratch)]):
                    failures = translate_clips([self._job()], self._settings(scratch), Processes())
            except (ValueError, OSError, RuntimeError, MemoryError) as error:
                raise rejected(self.source, error) from error
        if failures:
            raise rejected(self.source, ValueError(failures[0].reason))

    def _check(self) -> None:
        """Raise RejectedError if the task is not wanted any more."""
        if self.stopped.is_set() or self.studio.closed.is_set():
            raise RejectedError(STOPPED)

    def _job(self) -> ClipJob:
        """Return the job; ValueError if the clip cannot be opened or its frames are too large."""
        limits = self.studio.limits
        found = plan_clips(
            [(self.source, self.target)], self.source, True, limits.max_clip_megapixels
        )
        for failed in found.failures:
            raise ValueError(failed.reason)
        (job,) = found.jobs
        self.wish.check_size(*job.size, limits.max_megapixels)
        return job

    def _settings(self, scratch: str) -> Settings:
        limits, wish = self.studio.limits, self.wish
        translator = wish.choice.translator.at_size(wish.size)
        method = Turns(translator, "flow", wish.tile, turn=self.studio.turn, strength=wish.strength)
        return Settings(
            method, QUALITY, Path(scratch), limits.max_clip_megapixels, overwrite=True,
            limits=ClipLimits(limits.max_clip_frames, limits.max_clip_seconds),
            say=lambda _, text: self.remarks.append(text), progress=self._progress,
        )  # fmt: skip

    def _progress(self, total: int, unit: str, **options: Any) -> Progress:
        """Return a counter of frames that raises RejectedError once the task is stopped."""
        self.total = total
        return _Counter(self._advance, total, unit, **options)

    def _advance(self, done: int) -> None:
        self.done = done
        self._check()


class _Counter(Progress):
    """Tells each number of finished items."""

    def __init__(self, tell: Callable[[int], None], *given: Any, **options: Any) -> None:
        super().__init__(*given, **options)
        self.tell = tell

    def update(self, count: int = 1) -> None:
        """Count finished items, and tell their number."""
        super().update(count)
        self.tell(self.done)
