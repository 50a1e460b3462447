"""Stylize a clip frame by frame, by either method.

By optimization, each frame begins from the last one's result, moved by the motion between the
frames where it is known, and from the frame itself elsewhere. So paint sticks to things, and few
steps are enough. The result is blended with the moved one, as `gan translate` does. The first frame
of a shot is painted as a photograph is.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from PIL import Image

from gan.config.choices import MAX_MEGAPIXELS, Method
from gan.inference.video.clips import translate_clips
from gan.inference.video.color import Pixels
from gan.inference.video.encoding import codec_of
from gan.inference.video.flow import Motion
from gan.inference.video.painter import FramePainter, blended
from gan.inference.video.plan import plan_clips
from gan.inference.video.reading import first_frame
from gan.inference.video.settings import FrameMethod, Settings
from gan.stylize.brush import Brush
from gan.stylize.memory import announce
from gan.stylize.options import StylizeOptions
from gan.stylize.scene import Sources, read_sources
from gan.stylize.wct.command import Studio
from gan.stylize.wct.opening import decoder_file
from gan.system.hashing import file_sha256
from gan.system.processes import Processes

QUALITY = 95
"""As in `gan translate`: a constant rate factor of 16."""
SEGMENT = 10
"""Most frames of a segment: each takes long, and a killed command loses at most these."""

Paint = Callable[[Sources, Image.Image | None], Image.Image]
"""Paints sources, beginning from an image if there is one."""


class Paints(NamedTuple):
    """How one method paints frames."""

    paint: Paint
    linked: bool
    """Whether a frame begins from the last one's result."""
    network: str
    """A hash of the network's weights."""
    advice: str


class StylePainter(FramePainter):
    """Stylizes the frames of a shot."""

    def __init__(self, sources: Sources, paint: Paint, *, linked: bool) -> None:
        """sources: those of any frame; linked: whether frames begin from the last result."""
        super().__init__(linked=linked)
        self.sources, self.brush = sources, paint

    def first(self, frame: Pixels) -> Pixels:
        """Return the stylization of the first frame of a shot."""
        return self._painted(frame, None)

    def following(self, frame: Pixels, seconds: float, motion: Motion, painted: Pixels) -> Pixels:
        """Return the stylization of a frame after one that became `painted`."""
        if not self.linked:
            return self._painted(frame, None)
        result = self._painted(frame, blended(motion, painted, frame, 1))
        return self._confined(frame, blended(motion, painted, result))

    def _painted(self, frame: Pixels, start: Pixels | None) -> Pixels:
        photo = Image.fromarray(frame)
        begun = None if start is None else Image.fromarray(start)
        result = self.brush(replace(self.sources, photo=photo), begun).convert("RGB")
        if result.size != photo.size:
            result = result.resize(photo.size, Image.Resampling.LANCZOS)
        return self._confined(frame, np.asarray(result))

    def _confined(self, frame: Pixels, result: Pixels) -> Pixels:
        """Return a result where a mask is white, and the frame elsewhere."""
        if not self.sources.masks:
            return result
        size = frame.shape[1], frame.shape[0]
        masks = [np.asarray(mask.resize(size), np.float32) for mask in self.sources.masks]
        inside = (np.sum(masks, 0) / 255).clip(0, 1)[..., None]
        whole: Pixels = np.rint(frame + inside * (result - frame.astype(np.float32))).astype(
            np.uint8
        )
        return whole


@dataclass(frozen=True)
class Stylization(FrameMethod):
    """Frames are stylized by the options of the command."""

    config: StylizeOptions
    sources: Sources
    paints: Paints

    @property
    def linked(self) -> bool:
        """Whether a frame depends on the ones before it in its shot."""
        return self.paints.linked

    @property
    def advice(self) -> str:
        """What to try if the result flickers more than the original."""
        return self.paints.advice

    @property
    def segment(self) -> int:
        """Most frames of a segment."""
        return SEGMENT

    def facts(self) -> dict[str, Any]:
        """Return all on which a stylization depends, except the clip, as JSON values."""
        places = {"content", "style", "masks", "output", "overwrite", "marks"}
        options = self.config.model_dump(
            mode="json",
            exclude={name: True for name in places}
            | {"perceptual": {"weights"}, "wct": {"decoder"}},
        )
        files = [file_sha256(path) for path in (*self.config.style, *self.config.masks)]
        return {"options": options, "files": files, "network": self.paints.network}

    def painter(self, tile: int | None, scratch: Path) -> FramePainter:
        """Return a painter that stylizes frames."""
        return StylePainter(self.sources, self.paints.paint, linked=self.linked)


def stylize_clip(config: StylizeOptions) -> int:
    """Stylize a clip; return the exit status.

    ValueError if the clip cannot be read or has another format than its name says.
    """
    codec_of(config.output)
    clips = plan_clips(
        [(config.content, config.output)], config.content, config.overwrite, MAX_MEGAPIXELS
    )
    for failed in clips.failures:
        raise ValueError(f"{failed.source}: {failed.reason}")
    photo = Image.fromarray(first_frame(config.content, MAX_MEGAPIXELS))
    sources = read_sources(config.content, config.style, config.masks, photo)
    method = Stylization(config, sources, PAINTS[config.method](config, sources))
    settings = Settings(method, QUALITY, None, MAX_MEGAPIXELS, config.overwrite, shown=True)
    return 1 if translate_clips(clips.jobs, settings, Processes()) else 0


def _by_optimization(config: StylizeOptions, sources: Sources) -> Paints:
    brush = Brush.of(config)
    announce([config], sources, brush.extract, brush.device)
    return Paints(
        partial(brush.paint, config),
        linked=True,
        network=brush.extract.fingerprint(),
        advice="fewer --frame_steps are steadier",
    )


def _by_wct(config: StylizeOptions, sources: Sources) -> Paints:
    studio = Studio.of(config)
    return Paints(
        lambda given, _: studio.paint(config, given),
        linked=False,
        network=file_sha256(decoder_file(config.wct.decoder)),
        advice="a smaller --strength is steadier",
    )


PAINTS: Mapping[Method, Callable[[StylizeOptions, Sources], Paints]] = {
    "optimize": _by_optimization,
    "wct": _by_wct,
}
"""How frames are painted, by the name of the method."""
