"""Translate the frames of a shot one after the other, each in the style of the last one."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
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


@dataclass
class Painter:
    """A translator with the memory of a shot."""

    translator: Translator
    steady: Steady
    tile: int | None
    """Side of tiles in pixels, or None to translate frames in one piece."""
    scratch: Path
    errors: Errors = field(default_factory=Errors)
    last: tuple[Pixels, Pixels] | None = None
    """The last frame and its translation, (H, W, 3)."""

    def __post_init__(self) -> None:
        self.held = Held(self.translator.network)

    def begin(self) -> None:
        """Clear the memory of the last shot."""
        self.held.begin()
        self.last = None

    def paint(self, frame: Pixels, seconds: float) -> Pixels:
        """Return the translation (H, W, 3) of a frame (H, W, 3), `seconds` after the last one.

        ValueError if it is not finite.
        """
        if self.last is None:
            translation = self._translated(frame, 1.0)
        elif self.steady != "none" and np.array_equal(frame, self.last[0]):
            translation = self.last[1]
            self.errors.add(Errors(0, 0, 1, 1))
        else:
            translation = self._following(frame, seconds, *self.last)
        self.last = frame, translation
        return translation

    def _following(self, frame: Pixels, seconds: float, before: Pixels, painted: Pixels) -> Pixels:
        """Return the translation of a frame after the frame `before`, which became `painted`."""
        motion = measured(before, frame)
        translation = self._translated(frame, 1 - math.exp(-max(0.0, seconds) / SECONDS))
        if self.steady == "flow":
            translation = blended(motion, painted, translation)
        source, result = (
            warping_error(motion, *pair) for pair in ((before, frame), (painted, translation))
        )
        self.errors.add(Errors(source, result, motion.share, 1))
        return translation

    def _translated(self, frame: Pixels, weight: float) -> Pixels:
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
        if self.last is None:
            return {}
        frame, translation = self.last
        return {**self.held.state(), "frame": frame, "translation": translation}

    def restore(self, state: Mapping[str, NDArray[Any]]) -> None:
        """Continue after the frame at which `state` was taken."""
        self.held.restore(state)
        self.last = state["frame"], state["translation"]


def blended(motion: Motion, painted: Pixels, translation: Pixels) -> Pixels:
    """Return a translation blended with the last one, moved, where motion is known.

    The transitions are soft.
    """
    height, width = translation.shape[:2]
    share = cv2.resize(motion.known * motion.likeness, (width, height))
    reach = max(1, round(SOFT * min(height, width)))
    # Erode first: the seam is on the side where motion is known.
    wide = 2 * reach + 1
    share = cv2.erode(share, np.ones((wide, wide), np.uint8))
    share = KEPT * cv2.blur(share, (wide, wide))[..., None]
    present = translation.astype(np.float32)
    present += share * (motion.moved(painted) - present)
    return np.rint(present).clip(0, 255).astype(np.uint8)
