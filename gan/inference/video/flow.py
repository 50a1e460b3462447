"""Measure motion between frames: OpenCV's DIS flow, warping, and the warping error."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np
from numpy.typing import NDArray

from gan.inference.video.color import Pixels

SIDE = 384
"""Shorter side in pixels at which motion and warping errors are measured."""
LEAST_SIDE = 24
"""Shorter side below which OpenCV cannot measure motion."""
FOLLOWED = 24
"""Largest difference in gray levels, where motion is known, of a frame from the last one, moved."""

LIGHT = 3, 16
"""Changes of light between frames in gray levels: up to the first, the last translation counts
fully; from the second on, not at all. In between, a fade lags by some five levels."""
AREA = 7
"""Side of the squares over which noise is averaged."""

Flow = NDArray[np.float32]


@dataclass(frozen=True)
class Motion:
    """The motion from the last frame to this one, at a small size (h, w)."""

    flow: Flow
    """(h, w, 2): the content at p was at p + flow[p] in the last frame."""
    known: NDArray[np.bool_]
    """Where forward and backward flow agree and colors fit; they do not where something appears."""
    likeness: NDArray[np.float32]
    """1 where light has changed little, down to 0 where it has changed much (LIGHT); noise is
    averaged out."""

    def moved(self, last: Pixels) -> Pixels:
        """Return the last frame, or its translation, (H, W, C) of any size, moved to this one."""
        return warped(last, self.flow)

    @cached_property
    def share(self) -> float:
        """The share of the frame where motion is known."""
        return float(self.known.mean())


def measured(before: Pixels, after: Pixels) -> Motion:
    """Return the motion between two frames (H, W, 3).

    Forward and backward flow agree where |f + b|^2 < 0.01 (|f|^2 + |b|^2) + 0.5, after Sundaram et
    al. 2010, "Dense point trajectories by GPU-accelerated large displacement optical flow".
    """
    small = [shrunk(frame) for frame in (before, after)]
    first, second = (cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY) for frame in small)
    with one_thread():  # OpenCV cuts its work, and so its result, by the number of threads
        backward = _dis(second, first)
        forward = warped(_dis(first, second), backward, cv2.INTER_LINEAR)
        difference = np.square(forward + backward).sum(2)
        size = np.square(forward).sum(2) + np.square(backward).sum(2)
        change = small[1].astype(np.float32) - warped(small[0], backward)
    light = np.abs(cv2.blur(change, (AREA, AREA))).max(2)
    known = (difference < 0.01 * size + 0.5) & _inside(backward)
    known &= np.abs(change).mean(2) < FOLLOWED
    return Motion(backward, known, ((LIGHT[1] - light) / (LIGHT[1] - LIGHT[0])).clip(0, 1))


def warping_error(motion: Motion, before: Pixels, after: Pixels) -> float:
    """Return the mean difference, in gray levels, of a frame from the last one, moved.

    Both are scaled down to the size of the flow. Only pixels with known motion count.
    """
    small = [shrunk(frame).reshape(*motion.known.shape, -1) for frame in (before, after)]
    moved = motion.moved(small[0]).reshape(small[1].shape)
    apart = np.abs(small[1].astype(np.int16) - moved).mean(2)
    return float(apart[motion.known].mean()) if motion.known.any() else 0.0


def warped(image: NDArray[np.generic], flow: Flow, how: int = cv2.INTER_LANCZOS4) -> Pixels:
    """Return image (H, W, C) moved: at p it has the content at p + flow[p]; edges are repeated.

    flow may have another size, and is scaled to the image's.
    """
    height, width = image.shape[:2]
    lines, columns = flow.shape[:2]
    if (height, width) != (lines, columns):
        flow = cv2.resize(flow, (width, height), interpolation=cv2.INTER_LINEAR)
        flow = flow * np.array([width / columns, height / lines], np.float32)
    x, y = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    result: Pixels = cv2.remap(
        image, x + flow[..., 0], y + flow[..., 1], how, borderMode=cv2.BORDER_REPLICATE
    )
    return result.reshape(image.shape)


def shrunk(frame: Pixels) -> Pixels:
    """Return a frame at a shorter side of SIDE pixels, or unchanged if it is not larger."""
    height, width = frame.shape[:2]
    ratio = SIDE / min(height, width)
    if ratio >= 1:
        return frame
    size = max(SIDE, round(width * ratio)), max(SIDE, round(height * ratio))
    result: Pixels = cv2.resize(frame, size, interpolation=cv2.INTER_AREA)
    return result


def _dis(one: Pixels, other: Pixels) -> Flow:
    """Return the flow from one frame to the other; zero for frames that are too small."""
    if min(one.shape) < LEAST_SIDE:
        return np.zeros((*one.shape, 2), np.float32)
    dis = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    flow: Flow = dis.calc(one, other, None)
    return flow


def _inside(flow: Flow) -> NDArray[np.bool_]:
    """Return the mask of pixels whose flow begins inside the frame."""
    height, width = flow.shape[:2]
    x = np.arange(width)[None] + flow[..., 0]
    y = np.arange(height)[:, None] + flow[..., 1]
    inside: NDArray[np.bool_] = (x >= 0) & (x <= width - 1) & (y >= 0) & (y <= height - 1)
    return inside


@contextmanager
def one_thread() -> Iterator[None]:
    """Let OpenCV use one thread in this context.

    Enter it while no other thread uses OpenCV, since the number applies to all of them. Nested
    contexts change nothing.
    """
    threads = cv2.getNumThreads()
    if threads == 1:
        yield
        return
    cv2.setNumThreads(1)
    try:
        yield
    finally:
        cv2.setNumThreads(threads)
