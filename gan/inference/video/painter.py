"""Paint the frames of a shot one after the other, each in the style of the last one."""

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from gan.config.choices import Steady
from gan.images import to_channels
from gan.images.pixels import from_array, from_image, to_array
from gan.inference.checks import require_finite
from gan.inference.translator import Translator
from gan.inference.video.color import Pixels
from gan.inference.video.flow import Motion, measured, warping_error
from gan.inference.video.held import Held

SECONDS = 0.1
"""Time in seconds in which a change in the shot reaches 63 % of the averaged statistics."""
KEPT = 0.6
"""Weight of the last translation, moved, where motion is known."""
SOFT = 1 / 128
"""Width of the seam between known and unknown motion, as a share of the shorter side."""


@dataclass
class Errors:
    """Sums of the warping errors of frames and their translations, and the number of pairs."""

    source: float = 0.0
    translation: float = 0.0
    known: float = 0.0
    pairs: int = 0

    def add(self, other: "Errors") -> None:
        """Add the sums of another part of a clip."""
        for name, value in vars(other).items():
            setattr(self, name, getattr(self, name) + value)


class FramePainter(ABC):
    """Paints the frames of a shot one after the other, with the memory of the last one."""

    def __init__(self, *, linked: bool) -> None:
        """linked: whether a frame depends on the one before, so that an equal one looks equal."""
        self.linked, self.errors = linked, Errors()
        self.last: tuple[Pixels, Pixels] | None = None
        """The last frame and its result, (H, W, 3)."""

    @abstractmethod
    def first(self, frame: Pixels) -> Pixels:
        """Return the result (H, W, 3) for the first frame (H, W, 3) of a shot."""

    @abstractmethod
    def following(self, frame: Pixels, seconds: float, motion: Motion, painted: Pixels) -> Pixels:
        """Return the result for a frame, `seconds` after one that became `painted`."""

    def begin(self) -> None:
        """Clear the memory of the last shot."""
        self.last = None

    def paint(self, frame: Pixels, seconds: float) -> Pixels:
        """Return the result for a frame, `seconds` after the last one.

        ValueError if it is not finite.
        """
        if self.last is None:
            result = self.first(frame)
        elif self.linked and np.array_equal(frame, self.last[0]):
            result = self.last[1]
            self.errors.add(Errors(0, 0, 1, 1))
        else:
            before, painted = self.last
            motion = measured(before, frame)
            result = self.following(frame, seconds, motion, painted)
            source, translation = (
                warping_error(motion, *pair) for pair in ((before, frame), (painted, result))
            )
            self.errors.add(Errors(source, translation, motion.share, 1))
        self.last = frame, result
        return result

    def state(self) -> dict[str, NDArray[Any]]:
        """Return the state on which the next frame depends, as arrays."""
        return {} if self.last is None else {"frame": self.last[0], "translation": self.last[1]}

    def restore(self, state: Mapping[str, NDArray[Any]]) -> None:
        """Continue after the frame at which `state` was taken."""
        self.last = state["frame"], state["translation"]


class Painter(FramePainter):
    """A translator with the memory of a shot."""

    def __init__(
        self, translator: Translator, steady: Steady, tile: int | None, scratch: Path
    ) -> None:
        """tile: side of tiles in pixels, or None to translate frames in one piece."""
        super().__init__(linked=steady != "none")
        self.translator, self.steady, self.tile, self.scratch = translator, steady, tile, scratch
        self.held = Held(translator.network)

    def begin(self) -> None:
        """Clear the memory of the last shot."""
        super().begin()
        self.held.begin()

    def first(self, frame: Pixels) -> Pixels:
        """Return the translation of the first frame of a shot."""
        return self.translated(frame, 1.0)

    def following(self, frame: Pixels, seconds: float, motion: Motion, painted: Pixels) -> Pixels:
        """Return the translation of a frame, `seconds` after one that became `painted`."""
        translation = self.translated(frame, 1 - math.exp(-max(0.0, seconds) / SECONDS))
        return blended(motion, painted, translation) if self.steady == "flow" else translation

    def translated(self, frame: Pixels, weight: float) -> Pixels:
        """Translate a frame. weight: of its statistics in the running averages."""
        channels = self.translator.channels
        one = from_array(frame)
        if channels == 1:
            one = from_image(to_channels(Image.fromarray(frame), 1))
        run = self.translator.translate_batch
        if self.tile is None:
            call: Any = lambda: run(one[None])[0]  # noqa: E731
        else:
            call = partial(self.translator.translate_tiled, one, self.tile, self.scratch)
        if self.steady == "none":
            result = require_finite(call())
        else:
            with self.held.applied(weight):
                result = require_finite(call())
        return np.ascontiguousarray(np.broadcast_to(to_array(result), frame.shape))

    def state(self) -> dict[str, NDArray[Any]]:
        """Return the state on which the next frame depends, as arrays."""
        return {**super().state(), **self.held.state()}

    def restore(self, state: Mapping[str, NDArray[Any]]) -> None:
        """Continue after the frame at which `state` was taken."""
        super().restore(state)
        self.held.restore(state)


def blended(motion: Motion, painted: Pixels, translation: Pixels, kept: float = KEPT) -> Pixels:
    """Return a translation blended with the last one, moved, where motion is known.

    The transitions are soft. kept: share of the last one there.
    """
    height, width = translation.shape[:2]
    share = cv2.resize(motion.known * motion.likeness, (width, height))
    reach = max(1, round(SOFT * min(height, width)))
    # Erode first: the seam is on the side where motion is known.
    wide = 2 * reach + 1
    share = cv2.erode(share, np.ones((wide, wide), np.uint8))
    share = kept * cv2.blur(share, (wide, wide))[..., None]
    present = translation.astype(np.float32)
    present += share * (motion.moved(painted) - present)
    return np.rint(present).clip(0, 255).astype(np.uint8)
