"""Measure how many good translations, and how many damaged ones, the gates reject."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from demo.painting import paint
from gan.augment.dataset import Box
from gan.augment.gates import GATES, failed, thresholds
from gan.augment.realism import Domain
from gan.augment.scores import measure
from gan.images import list_images, read_image
from gan.images.pixels import from_array, to_array
from gan.inference.translator import Translator

Pixels = NDArray[np.uint8]
Painter = Callable[[Pixels], Pixels]
Spoil = Callable[[Pixels, int], Pixels]

RECOLOR = np.array([[0.2, 0.7, 0.1], [0.5, 0.1, 0.4], [0.1, 0.2, 0.7]])
DEFAULTS = {name: gate.default for name, gate in GATES.items()}


def clipped(values: NDArray[np.floating[Any]]) -> Pixels:
    whole: Pixels = np.clip(np.rint(values), 0, 255).astype(np.uint8)
    return whole


def recolored(photo: Pixels) -> Pixels:
    """Return a photograph in other colors, with darker middle tones."""
    return clipped((photo / 255) ** 0.7 @ RECOLOR.T * 255)


def at_night(photo: Pixels) -> Pixels:
    return clipped((photo / 255) ** 1.8 * [102, 115, 178])


def in_fog(photo: Pixels) -> Pixels:
    """Return a photograph in fog that is denser at the top."""
    fog = np.linspace(0.85, 0.2, len(photo))[:, None, None]
    return clipped(photo * (1 - fog) + 230 * fog)


def blurred(photo: Pixels) -> Pixels:
    result: Pixels = cv2.GaussianBlur(photo, (0, 0), 1.5)
    return result


def noisy(photo: Pixels) -> Pixels:
    """Return a photograph with the noise of a high ISO number or a scanner."""
    return clipped(photo + np.random.default_rng(0).normal(0, 12, photo.shape))


PAINTERS: dict[str, Painter] = {
    "recolored": recolored,
    "night": at_night,
    "fog": in_fog,
    "blurred": blurred,
    "noisy": noisy,
    "painted": paint,
}


def shifted(picture: Pixels, number: int) -> Pixels:
    """Return an image shifted by 4 to 16 pixels in a random direction."""
    rng = np.random.default_rng(number)
    distance, angle = rng.uniform(4, 16), rng.uniform(0, 2 * np.pi)
    by = np.array([[1, 0, distance * np.cos(angle)], [0, 1, distance * np.sin(angle)]])
    size = picture.shape[1], picture.shape[0]
    moved: Pixels = cv2.warpAffine(picture, by.round(), size, borderMode=cv2.BORDER_REFLECT)
    return moved


def mirrored(picture: Pixels, number: int) -> Pixels:
    return np.ascontiguousarray(picture[:, ::-1])


def blanked(picture: Pixels, number: int) -> Pixels:
    """Return an image of one color, the mean of the given one."""
    return np.broadcast_to(clipped(picture.mean((0, 1))), picture.shape).copy()


def inverted(picture: Pixels, number: int) -> Pixels:
    return 255 - picture


FAILURES: dict[str, Spoil] = {
    "shifted": shifted,
    "mirrored": mirrored,
    "blanked": blanked,
    "inverted": inverted,
}


class Spoiling(Translator):
    """A translator with a good painter that damages every tenth image of a list."""

    channels, device, tiles = 3, torch.device("cpu"), False
    range_in = range_out = None

    def __init__(self, painter: Painter, photos: Sequence[Pixels]) -> None:
        self.painter = painter
        self.numbers = {photo.tobytes(): number for number, photo in enumerate(photos)}

    def spoils(self, number: int) -> str | None:
        """Return the kind of damage of image `number`, or None."""
        return list(FAILURES)[number // 10 % len(FAILURES)] if number % 10 == 3 else None

    def translate_batch(self, pixels: Tensor) -> list[Tensor | None]:
        """Translate as `Translator` does."""
        return [from_array(self.translated(to_array(each))) for each in pixels]

    def translated(self, photo: Pixels) -> Pixels:
        number, picture = self.numbers[photo.tobytes()], self.painter(photo)
        kind = self.spoils(number)
        return FAILURES[kind](picture, number) if kind else picture

    def scratch_bytes(self, height: int, width: int) -> int:
        return 0

    def fits(self, height: int, width: int, count: int = 1) -> bool:
        return True


def boxes(number: int, count: int = 2) -> list[Box]:
    """Return random boxes; boxes of real labels contain more edges."""
    rng = np.random.default_rng(number)
    sides = rng.uniform(0.15, 0.5, (count, 2))
    starts = rng.uniform(0, 1 - sides)
    edges = np.concatenate([starts, starts + sides], axis=1).tolist()
    return [Box(a, b, c, d, relative=True) for a, b, c, d in edges]


def replaced(picture: Pixels, number: int) -> Pixels:
    """Return an image whose first box is replaced by another part of it, upside down."""
    height, width = picture.shape[:2]
    box, result = boxes(number)[0], picture.copy()
    rows = slice(round(box.top * height), round(box.bottom * height))
    columns = slice(round(box.left * width), round(box.right * width))
    other = np.roll(picture, (height // 2, width // 2), (0, 1))[::-1]
    result[rows, columns] = other[rows, columns]
    return result


def rejected(
    pairs: Sequence[tuple[Pixels, Pixels]],
    target: Domain | None = None,
    identity: float | None = None,
) -> list[dict[str, str]]:
    """Return the gates that each pair (source, translation) fails, with default thresholds."""
    scores = [measure(*pair, boxes=boxes(number)) for number, pair in enumerate(pairs)]
    if target is not None:
        for own, pair in zip(scores, pairs, strict=True):
            own |= {"realism": target.realism(*pair), "identity": identity}
    limits = thresholds(DEFAULTS, scores)
    return [failed(each, limits) for each in scores]


def share(found: Sequence[dict[str, str]]) -> float:
    return sum(map(bool, found)) / len(found)


def rates(
    pairs: Sequence[tuple[Pixels, Pixels]], failures: Mapping[str, Spoil] = FAILURES
) -> dict[str, float]:
    """Return the rejected parts of good translations, and of each kind of damage."""
    found = {"good": share(rejected(pairs))}
    for name, spoil in failures.items():
        spoiled = [(source, spoil(good, n)) for n, (source, good) in enumerate(pairs)]
        found[name] = share(rejected(spoiled))
    return found


def photographs(folder: Path, every: int = 1) -> list[Pixels]:
    return [np.asarray(read_image(path)) for path in list_images(folder)[::every]]


def translations(root: Path, every: int = 1) -> Iterator[tuple[str, list[tuple[Pixels, Pixels]]]]:
    """Yield pairs (photograph, translation) of each kind, for the photographs of photo2ochre."""
    photos = photographs(root / "testA", every)
    yield "ochre", list(zip(photos, photographs(root / "testB", every), strict=True))
    photos += photographs(root / "trainA", 6 * every)
    for name, painter in PAINTERS.items():
        yield name, [(photo, painter(photo)) for photo in photos]
