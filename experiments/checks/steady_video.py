"""Make clips with known motion out of photographs; measure how steady their translations are.

python -m experiments.checks.steady_video --model checkpoints/demo --photos datasets/demo/testA \
    --paintings datasets/demo/trainB --folder /tmp/steady

The clips: a still, a pan, a zoom, a light that changes, and a cut between two pans; noise of a
sensor is added. Each is translated with every --steady. Printed for each: the warping error in gray
levels with the known motion (the original's beside it), its ratio to frame by frame's, and the
style distance: of Gram matrices (MobileNetV2) from those of the paintings, relative to frame by
frame's. FOLDER/sheet.png shows frames and, below them, how they differ from the last one, moved.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

import cv2
import numpy as np
import torch
from jsonargparse import auto_cli
from numpy.typing import NDArray
from PIL import Image

from gan.config.choices import Steady
from gan.domains import Direction
from gan.images import list_images, read_image
from gan.images.pixels import from_array, to_unit
from gan.inference.translator import Translator
from gan.inference.video.cuts import difference, find_cuts, standardized
from gan.inference.video.flow import warped
from gan.inference.video.painter import Painter
from gan.losses import mean_gram
from gan.metrics import Extractor, open_extractor
from gan.metrics.maps import gram_distances

Pixels = NDArray[np.uint8]
Matrix = NDArray[np.float64]
RATE = 25
CONTRAST = 4
"""Factor by which differences are shown."""


@dataclass(frozen=True)
class Shown:
    """A clip, and the motion between its frames."""

    name: str
    frames: list[Pixels]
    places: list[Matrix]
    """(3, 3) maps from the pixels of each frame to those of its photograph."""
    starts: tuple[int, ...] = (0,)


def steady_video(
    model: Path,
    photos: Path,
    paintings: Path,
    folder: Path,
    direction: Direction = "ab",
    width: int = 192,
    height: int = 144,
    frames: int = 40,
    noise: float = 2.0,
) -> None:
    """Print the table and write the sheet.

    model: run or generator. photos: at least two of them. paintings: images in the desired style.
    width, height: of frames, in pixels. noise: deviation in gray levels.
    """
    translator = Translator.load(model, direction, "cpu")
    extractor = open_extractor("mobilenet_v2", None, torch.device("cpu"))
    style = extractor.maps(_unit([_read(path) for path in list_images(paintings)[:40]]))
    desired = {layer: mean_gram(style[layer]).mean(0, keepdim=True) for layer in extractor.style}
    rows: list[Pixels] = []
    print("| clip | steady | original | translation | of frame by frame's | style distance |")
    print("| --- | --- | --- | --- | --- | --- |")
    for clip in _clips(
        [_read(path) for path in list_images(photos)], (width, height), frames, noise
    ):
        base: tuple[float, float] | None = None
        for steady in get_args(Steady):
            painted = _painted(translator, steady, clip)
            error, distance = _error(clip, painted), _distance(extractor, desired, painted)
            base = base or (error, distance)
            ratio = f"{error / base[0]:.2f}" if base[0] else "-"
            print(
                f"| {clip.name} | {steady} | {_error(clip, clip.frames):.2f} | {error:.2f} | "
                f"{ratio} | {distance / base[1]:.3f} |",
                flush=True,
            )
            rows.append(_row(clip, painted))
        _check(translator, clip)
    folder.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.concatenate(rows)).save(folder / "sheet.png")


def _read(path: Path) -> Pixels:
    return np.asarray(read_image(path))


def _clips(
    photos: Sequence[Pixels], size: tuple[int, int], frames: int, noise: float
) -> list[Shown]:
    first, second = (_shrunk(photo, size) for photo in photos[:2])
    still = [_window(first, size, 0.2, 0.2, 1.0)] * frames
    pan, other = (
        [_window(photo, size, t / frames, 0.3, 1.0) for t in range(frames)]
        for photo in (first, second)
    )
    zoom = [_window(first, size, 0.5, 0.5, 1.0 + 0.5 * t / frames) for t in range(frames)]
    light = [1.0 - 0.4 * np.sin(np.pi * t / frames) for t in range(frames)]
    rng = np.random.default_rng(0)

    def show(photo: Pixels, places: list[Matrix], gains: Sequence[float], deviation: float) -> Any:
        return [
            _noisy(_cropped(photo, place, size) * gain, deviation, rng)
            for place, gain in zip(places, gains, strict=True)
        ]

    same = [1.0] * frames
    half = frames // 2
    return [
        Shown("still", show(first, still, same, 0), still),
        Shown("still, noise", show(first, still, same, noise), still),
        Shown("pan", show(first, pan, same, noise), pan),
        Shown("zoom", show(first, zoom, same, noise), zoom),
        Shown("light", show(first, pan, light, noise), pan),
        Shown(
            "cut",
            show(first, pan[:half], same[:half], noise)
            + show(second, other[:half], same[:half], noise),
            pan[:half] + other[:half],
            (0, half),
        ),
    ]


def _shrunk(photo: Pixels, size: tuple[int, int]) -> Pixels:
    """Return a photograph 1.5 times as large as a frame: cropping alone would not filter it."""
    height, width = photo.shape[:2]
    scale = 1.5 * max(size[0] / width, size[1] / height)
    shape = round(width * scale), round(height * scale)
    result: Pixels = cv2.resize(photo, shape, interpolation=cv2.INTER_AREA)
    return result


def _window(photo: Pixels, size: tuple[int, int], x: float, y: float, zoom: float) -> Matrix:
    """Return the map from a frame to the photograph: its place from 0 to 1, and its zoom."""
    height, width = photo.shape[:2]
    scale = min(width / size[0], height / size[1]) / 1.5 / zoom
    across, down = width - 1 - scale * (size[0] - 1), height - 1 - scale * (size[1] - 1)
    return np.array([[scale, 0, x * across], [0, scale, y * down], [0, 0, 1]])


def _cropped(photo: Pixels, place: Matrix, size: tuple[int, int]) -> NDArray[np.float32]:
    flags = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
    result: Any = cv2.warpAffine(photo, place[:2], size, flags=flags)
    values: NDArray[np.float32] = result.astype(np.float32)
    return values


def _noisy(frame: NDArray[Any], deviation: float, rng: np.random.Generator) -> Pixels:
    return (frame + rng.normal(0, 1, frame.shape) * deviation).round().clip(0, 255).astype(np.uint8)


def _painted(translator: Translator, steady: Steady, clip: Shown) -> list[Pixels]:
    painter = Painter(translator, steady, None, Path())
    painted = []
    for number, frame in enumerate(clip.frames):
        if number in clip.starts:
            painter.begin()
        painted.append(painter.paint(frame, 1 / RATE))
    return painted


def _moved(clip: Shown, images: Sequence[Pixels], number: int) -> tuple[Pixels, NDArray[np.bool_]]:
    """Return the image before `number`, moved by the known motion, and where it is known."""
    height, width = images[number].shape[:2]
    back = np.linalg.inv(clip.places[number - 1]) @ clip.places[number]
    x, y = np.meshgrid(np.arange(width), np.arange(height))
    before = np.stack([x, y, np.ones_like(x)], 2) @ back.T
    flow = (before - np.stack([x, y, np.ones_like(x)], 2))[..., :2].astype(np.float32)
    inside: Any = ((before[..., :2] >= 0) & (before[..., :2] <= [width - 1, height - 1])).all(2)
    return warped(images[number - 1], flow), inside


def _error(clip: Shown, images: Sequence[Pixels]) -> float:
    """Return the mean difference of images from the last ones, moved by the known motion."""
    errors = []
    for number in range(1, len(images)):
        if number not in clip.starts:
            moved, inside = _moved(clip, images, number)
            errors.append(np.abs(images[number].astype(int) - moved)[inside].mean())
    return float(np.mean(errors))


def _distance(extractor: Extractor, desired: Any, images: Sequence[Pixels]) -> float:
    maps = extractor.maps(_unit(images[::4]))
    return float(gram_distances(maps, desired).mean())


def _unit(images: Sequence[Pixels]) -> torch.Tensor:
    return to_unit(torch.stack([from_array(image) for image in images]))


def _row(clip: Shown, painted: Sequence[Pixels]) -> Pixels:
    """Return frames of a clip and of its translation, and the latter's changes, in a row."""
    number = len(painted) * 3 // 4
    moved, _ = _moved(clip, painted, number)
    change = np.abs(painted[number].astype(int) - moved) * CONTRAST
    shown = [clip.frames[number], painted[number - 1], painted[number], change.clip(0, 255)]
    return np.concatenate(shown, axis=1).astype(np.uint8)


def _check(translator: Translator, clip: Shown) -> None:
    """Check what does not depend on the photographs: stills stay still, and cuts are found."""
    changes = [0.0]
    for before, after in zip(clip.frames, clip.frames[1:], strict=False):
        small = [
            standardized(cv2.resize(one.mean(2), (48, 27), interpolation=cv2.INTER_AREA))
            for one in (before, after)
        ]
        changes.append(difference(*small))
    assert tuple(find_cuts(changes)) == clip.starts, clip.name
    if clip.name == "still":
        painted = _painted(translator, "flow", clip)
        assert all(np.array_equal(painted[0], one) for one in painted)


if __name__ == "__main__":
    with torch.inference_mode():
        auto_cli(steady_video, as_positional=False)
