"""The settings for translating clips, on which a translation depends."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gan.config.choices import Steady
from gan.inference.translator import Translator
from gan.inference.video import shots
from gan.inference.video.plan import ClipJob
from gan.system.hashing import file_sha256


@dataclass(frozen=True)
class Settings:
    """The settings for translating clips."""

    translator: Translator
    steady: Steady
    quality: int
    tile: int | None
    style: Path | str | None
    """Path of the style image, or the chosen style of a generator with several, as text."""
    scratch: Path | None
    max_megapixels: float
    overwrite: bool
    shown: bool = False
    """Whether this process shows progress."""

    def facts(self, job: ClipJob) -> dict[str, Any]:
        """Return all values on which a translation depends, to recognize its segments."""
        import av

        state = job.source.stat()
        source, translator = self.translator.source, self.translator
        return {
            "source": [state.st_size, state.st_mtime_ns],
            "model": file_sha256(source) if source else None,
            "style": file_sha256(self.style) if isinstance(self.style, Path) else self.style,
            "how": [self.steady, self.quality, self.tile, translator.precision, translator.size],
            "segment": shots.SEGMENT,
            "libraries": [av.__version__, av.ffmpeg_version_info],
        }
