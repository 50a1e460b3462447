"""Score translations, with their reconstructions if possible, and stage them for the gates."""

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
from gan.images import Mark, Picture, read_orientation, read_picture, write_picture
from gan.images.deep import Array, turned
from gan.images.pixels import blend, to_array
from gan.inference.folder.pipeline import RoundTrip
from gan.inference.folder.plan import Job
from gan.inference.translator import Translator
from gan.interop import find_generator

TURNED_BACK = {1: 1, 2: 2, 3: 3, 4: 4, 5: 5, 6: 8, 7: 7, 8: 6}
"""The orientation that undoes each EXIF orientation."""
TaskScore = Callable[[Array, Array], float | None]
"""Returns the share, 0 to 1, of a task model's prediction on the first image that the second
keeps."""


def open_model(path: Path, config: AugmentOptions) -> tuple[Translator, Translator | None]:
    """Open a generator, and the opposite one if it exists and the gate `cycle` needs it.

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
    """Return the path of the opposite generator, gen_ba for gen_ab; None for other names."""
    for direction, ends in DIRECTIONS.items():
        if file.name.startswith(f"gen_{direction}"):
            return file.with_name(file.name.replace(direction, ends.opposite, 1))
    return None


@dataclass(frozen=True)
class ScoreAndStage:
    """Writes a pipeline's translations and their scores to the staging folder."""

    root: Path
    tasks: Mapping[Path, Task]
    """Tasks by the path of the staged translation."""
    quality: int
    task_score: TaskScore | None
    target: Domain | None
    """The target domain, to measure realism."""
    identity: float | None
    """The score of the gate `identity`, the same for all translations of a model."""
    mark: Mark | None = None
    """The mark that is written into each translation, or None."""

    def __call__(self, job: Job, picture: Picture, result: RoundTrip) -> None:
        """Write a translation, blended with its source, and the scores that it had before."""
        assert job.target is not None
        if torch.get_num_threads() != 1:  # for equal sums of the task model; set in every thread
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
            task.item.boxes if turn == 1 else (),  # the orientation of the labels is not known
            labels,
        )
        scores["identity"] = self.identity
        if self.target is not None:
            scores["realism"] = self.target.realism(picture.pixels, translation)
        scores["task"] = self.task_score(picture.pixels, translation) if self.task_score else None
        shown = picture.with_pixels(blend(picture.pixels, translation, task.strength))
        shown = _restore_orientation(shown.with_mark(self.mark), turn)
        write_picture(shown, job.target, quality=self.quality)
        rounded = {key: None if each is None else round(each, 4) for key, each in scores.items()}
        write_bytes(record_path(job.target), line(rounded))


def _restore_orientation(picture: Picture, turn: int) -> Picture:
    """Return a picture rotated as its source is stored, with the source's EXIF orientation.

    Labels then fit, whether they refer to stored or to upright pixels.
    """
    if turn == 1:
        return picture
    exif = picture.exif or Image.Exif()
    exif[ExifTags.Base.Orientation] = turn
    pixels = np.ascontiguousarray(turned(picture.pixels, TURNED_BACK[turn]))
    alpha = None if picture.alpha is None else turned(picture.alpha, TURNED_BACK[turn])
    return replace(picture, pixels=pixels, alpha=alpha, exif=exif)
