"""What the run's generators make of test images, now."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from gan.config import Config, Domain
from gan.images import ImageError, list_images, read_image
from gan.report.pictures import shrunk
from gan.translator import Device, Direction, Translator

LARGEST_SIDE = 1024
"""Pixels; larger pictures are scaled down before they are translated, to be shown soon."""
DOMAINS: dict[Direction, tuple[Domain, Domain]] = {"ab": ("a", "b"), "ba": ("b", "a")}


@dataclass(frozen=True)
class Translated:
    """A test image, before and after."""

    name: str
    before: Image.Image
    after: Image.Image
    cycle: float | None
    """Mean |reconstruction - image| in [-1, 1], where there is a way back."""
    scaled: bool
    """Whether it was scaled down first."""


@dataclass(frozen=True)
class Opened:
    """A run's generators, a sentence for each that is missing, and the style that is shown."""

    translators: dict[Direction, Translator]
    missing: dict[Direction, str]
    style: Path | None


def open_generators(run: Path, config: Config, device: Device) -> Opened:
    """Load what the run has; a generator that is shown its style gets a training painting."""
    wanted: tuple[Direction, ...] = ("ab", "ba") if config.recipe == "cyclegan" else ("ab",)
    opened = Opened({}, {}, training_painting(config) if config.recipe == "reference" else None)
    for direction in wanted:
        try:
            opened.translators[direction] = Translator.load(
                run, direction, device, style=opened.style
            )
        except ValueError as error:
            opened.missing[direction] = str(error)
    return opened


def training_painting(config: Config) -> Path | None:
    """The first readable image of domain B's training folder."""
    try:
        for path in list_images(config.data.train_folder("b")):
            try:
                read_image(path, draft_size=1)
            except ImageError:
                continue
            return path
    except ValueError:
        pass
    return None


def test_folder(config: Config, root: Path | None, domain: Domain) -> tuple[Path | None, str]:
    """A domain's test folder, or None and a sentence that says why there is none."""
    name = f"test{domain.upper()}"
    base = root or config.data.root
    if base is None:
        return None, f"data.a and data.b name no test folder; --root names a folder with {name}."
    folder = base / name
    if not folder.is_dir():
        return None, f"There is no test folder {folder}; --root names a folder with {name}."
    return folder, str(folder)


def translate_files(
    opened: Opened, direction: Direction, files: Iterable[Path], folder: Path, config: Config
) -> tuple[list[Translated], list[str]]:
    """Translate test images; with those that cannot be, each with its reason."""
    done: list[Translated] = []
    failed: list[str] = []
    for path in files:
        name = path.relative_to(folder).as_posix()
        try:
            done.append(translate_file(opened, direction, path, name, config))
        except (ValueError, RuntimeError) as error:  # a device out of memory raises the latter
            reason = str(error).removeprefix(f"{path}: ").splitlines()
            failed.append(f"{name}: {reason[0] if reason else type(error).__name__}")
    return done, failed


def translate_file(
    opened: Opened, direction: Direction, path: Path, name: str, config: Config
) -> Translated:
    """One test image, there and, where there is a generator for it, back."""
    source, _ = DOMAINS[direction]
    image = read_image(path, channels=config.data.channels(source))
    before = shrunk(image, LARGEST_SIDE)
    after = opened.translators[direction].translate(before)
    back = opened.translators.get("ba" if direction == "ab" else "ab")
    cycle = None if back is None else cycle_error(before, back.translate(after))
    return Translated(name, before, after, cycle, before.size != image.size)


def cycle_error(image: Image.Image, reconstruction: Image.Image) -> float:
    """Mean absolute difference in [-1, 1]; both went through 8 bits."""
    one, other = (np.asarray(picture, np.float64) for picture in (image, reconstruction))
    return float(np.abs(one - other).mean() / 127.5)
