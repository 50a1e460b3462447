"""Motion is measured, frames are moved, and blending steadies them where motion is known."""

from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from torch import Tensor, nn

from gan.config.choices import Steady
from gan.inference.translator import Translator
from gan.inference.video.flow import measured, warped, warping_error
from gan.inference.video.painter import Painter
from tests.support.clips import Pixels, panned

SIZE = (160, 96)


def test_a_whole_number_of_pixels_is_moved_exactly() -> None:
    image = panned(1, SIZE)[0]
    flow = np.broadcast_to(np.array([3, -2], np.float32), (SIZE[1], SIZE[0], 2))
    moved = warped(image, flow)
    assert np.array_equal(moved[2:, :-3], image[:-2, 3:])


def test_the_flow_of_a_pan_is_found() -> None:
    before, *_, after = (cv2.GaussianBlur(frame, (0, 0), 1) for frame in panned(3, SIZE))
    motion = measured(before, after)
    assert np.abs(np.median(motion.flow[motion.known], axis=0) - [2, 0]).max() < 0.2
    assert motion.share > 0.7
    assert warping_error(motion, before, after) < 1
    assert warping_error(motion, before, before) > 2


def test_no_motion_is_known_across_a_cut() -> None:
    before, after = (panned(1, SIZE, seed)[0] for seed in (0, 1))
    assert measured(before, after).share < 0.2


def test_motion_does_not_depend_on_the_number_of_threads() -> None:
    before, after = panned(2, SIZE)
    threads = cv2.getNumThreads()
    flows = []
    for count in (1, 4):
        cv2.setNumThreads(count)
        flows.append(measured(before, after).flow)
    cv2.setNumThreads(threads)
    assert np.array_equal(flows[0], flows[1])


class Flickering(nn.Module):
    """A generator whose output is its input with other noise at every call."""

    def __init__(self) -> None:
        super().__init__()
        self.random = torch.Generator().manual_seed(0)

    def forward(self, x: Tensor) -> Tensor:
        return x * 0.6 + 0.2 * torch.randn(x.shape, generator=self.random)


def painted(steady: Steady, frames: list[Pixels], folder: Path) -> list[Pixels]:
    painter = Painter(Translator(Flickering(), 3, torch.device("cpu")), steady, None, folder)
    return [painter.paint(frame, 0.04) for frame in frames]


def error(images: list[Pixels]) -> float:
    """The warping error with the pan's true motion, by numpy alone."""
    pairs = zip(images[1:], images, strict=False)
    return float(np.mean([np.abs(b[:, :-1].astype(int) - a[:, 1:]).mean() for b, a in pairs]))


def test_flow_at_least_halves_the_warping_error_of_a_pan(tmp_path: Path) -> None:
    frames = [cv2.GaussianBlur(frame, (0, 0), 1) for frame in panned(12, SIZE)]
    alone, steady = (painted(how, frames, tmp_path) for how in ("none", "flow"))
    assert error(steady) < 0.5 * error(alone)
    # And the picture is not smeared: it is nearer to the noiseless translation.
    wanted = [(frame / 127.5 - 1) * 0.6 for frame in frames]
    far = [
        np.mean([np.abs(a / 127.5 - 1 - b).mean() for a, b in zip(each, wanted, strict=True)])
        for each in (alone, steady)
    ]
    assert far[1] < far[0]


@pytest.mark.parametrize("steady", ["statistics", "flow"])
def test_equal_frames_stay_equal(steady: Steady, tmp_path: Path) -> None:
    first, second, third = painted(steady, panned(1, SIZE) * 3, tmp_path)
    assert np.array_equal(first, second)
    assert np.array_equal(first, third)


def test_a_change_of_light_does_not_lag(tmp_path: Path) -> None:
    """Frames brighter than the last one are not blended with it."""
    image = panned(1, SIZE)[0] // 2
    frames = [image + np.uint8(20 * number) for number in range(6)]
    painter = Painter(Translator(nn.Identity(), 3, torch.device("cpu")), "flow", None, tmp_path)
    for frame in frames:
        assert np.abs(painter.paint(frame, 0.04).astype(int) - frame).mean() < 4
