"""There and, where the run has the other generator, back; then scored, and staged for the gates."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from PIL import ExifTags, Image

from gan.augment.options import AugmentOptions
from gan.augment.output import line, record_path, write_bytes
from gan.augment.plan import Task
from gan.augment.realism import Domain
from gan.augment.scores import measure
from gan.domains import DIRECTIONS
from gan.images import Picture, read_orientation, read_picture, write_picture
from gan.images.deep import Array, turned
from gan.images.pixels import blend, to_array
from gan.inference.folder.pipeline import RoundTrip
from gan.inference.folder.plan import Job
from gan.inference.translator import Translator
from gan.interop import find_generator

TURNED_BACK = {1: 1, 2: 2, 3: 3, 4: 4, 5: 5, 6: 8, 7: 7, 8: 6}
"""The orientation whose turn undoes each one's."""

TaskScore = Callable[[Array, Array], float | None]
"""A task model: how much of its prediction on the first picture survives in the second."""


def open_model(path: Path, config: AugmentOptions) -> tuple[Translator, Translator | None]:
    """Open the generator of a run and the one of the opposite direction, if there is such a file.

    ValueError as from `Translator.load`.
    """
    forth = Translator.load(
        path, config.direction, config.device, config.precision, config.style, size=config.size
    )
    other = opposite(find_generator(path, config.direction))
    if config.gates()["cycle"] == "off" or config.style or not (other and other.is_file()):
        return forth, None
    back = Translator.load(other, None, config.device, config.precision, size=config.size)
    return forth, back


def opposite(file: Path) -> Path | None:
    """Return the name of the generator of the opposite direction: gen_ba for gen_ab."""
    for direction, ends in DIRECTIONS.items():
        if file.name.startswith(f"gen_{direction}"):
            return file.with_name(file.name.replace(direction, ends.opposite, 1))
    return None


@dataclass(frozen=True)
class ScoreAndStage:
    """Writes a pipeline's translations where they wait for the gates' decision."""

    root: Path
    tasks: Mapping[Path, Task]
    """By the path of the staged picture."""
    quality: int
    task_score: TaskScore | None
    target: Domain | None
    identity: float | None

    def __call__(self, job: Job, picture: Picture, result: RoundTrip) -> None:
        """Write a picture and its scores: those of the whole translation, not of the blend."""
        assert job.target is not None
        if torch.get_num_threads() != 1:  # the task model's sums; torch counts in every thread
            torch.set_num_threads(1)
        task = self.tasks[job.target]
        turn = read_orientation(job.source)
        translation = to_array(result.fake)
        mask = task.item.mask
        labels = read_picture(self.root / mask).pixels if mask and turn == 1 else None
        scores = measure(
            picture.pixels,
            translation,
            None if result.rec is None else to_array(result.rec),
            task.item.boxes if turn == 1 else (),  # their orientation is not known
            labels,
        )
        scores["identity"] = self.identity
        if self.target is not None:
            scores["realism"] = self.target.realism(picture.pixels, translation)
        scores["task"] = self.task_score(picture.pixels, translation) if self.task_score else None
        shown = picture.with_pixels(blend(picture.pixels, translation, task.strength))
        write_picture(_restore_orientation(shown, turn), job.target, quality=self.quality)
        rounded = {key: None if each is None else round(each, 4) for key, each in scores.items()}
        write_bytes(record_path(job.target), line(rounded))


def _restore_orientation(picture: Picture, turn: int) -> Picture:
    """Return a picture as its source is stored, with its EXIF orientation: labels are of either."""
    if turn == 1:
        return picture
    exif = picture.exif or Image.Exif()
    exif[ExifTags.Base.Orientation] = turn
    pixels = np.ascontiguousarray(turned(picture.pixels, TURNED_BACK[turn]))
    alpha = None if picture.alpha is None else turned(picture.alpha, TURNED_BACK[turn])
    return replace(picture, pixels=pixels, alpha=alpha, exif=exif)
