"""From a translated picture to a staged file and its scores."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from PIL import ExifTags, Image

from gan.augment.plan import Task
from gan.augment.round_trip import RoundTrip
from gan.augment.scores import measure
from gan.augment.staging import picture_path, record_path, write_json
from gan.images import Picture, read_orientation, read_picture, write_picture
from gan.images.picture import Array, turned
from gan.images.pixels import blend, to_array
from gan.inference.folder.pipeline import Outcome
from gan.inference.folder.plan import Job
from gan.system.failures import failure

TURNED_BACK = {1: 1, 2: 2, 3: 3, 4: 4, 5: 5, 6: 8, 7: 7, 8: 6}
"""The orientation whose turn undoes each one's."""

TaskScore = Callable[[Array, Array], float | None]
"""A task model: how much of its prediction on the first picture survives in the second."""


@dataclass(frozen=True)
class ScoreAndStage:
    """Writes a pipeline's translations where they wait for the gates' decision."""

    root: Path
    output: Path
    tasks: Mapping[Path, Task]
    """By the path of the staged picture."""
    quality: int
    task_score: TaskScore | None

    def __call__(self, job: Job, picture: Picture, result: RoundTrip) -> Outcome:
        assert job.target is not None
        if torch.get_num_threads() != 1:  # the task model's sums; torch counts in every thread
            torch.set_num_threads(1)
        task = self.tasks[job.target]
        try:
            turn = read_orientation(job.source)
            write_json(record_path(self.output, task), self.finished(task, picture, result, turn))
        except Exception as error:  # encoders and other people's models raise nearly everything
            return Outcome(job, failure(job.source, error), picture.remarks)
        return Outcome(job, None, picture.remarks)

    def finished(
        self, task: Task, picture: Picture, result: RoundTrip, turn: int
    ) -> dict[str, float | None]:
        """Write the picture; its scores. They are those of the whole translation, not the blend."""
        translation = to_array(result.fake)
        reconstruction = None if result.rec is None else to_array(result.rec)
        mask = task.item.mask
        labels = read_picture(self.root / mask).pixels if mask and turn == 1 else None
        scores = measure(
            picture.pixels,
            translation,
            reconstruction,
            task.item.boxes if turn == 1 else (),  # nobody says which way up these are meant
            labels,
        )
        scores["task"] = self.task_score(picture.pixels, translation) if self.task_score else None
        shown = picture.with_pixels(blend(picture.pixels, translation, task.strength))
        place = picture_path(self.output, task)
        write_picture(restore_orientation(shown, turn), place, quality=self.quality)
        return {name: value if value is None else round(value, 4) for name, value in scores.items()}


def restore_orientation(picture: Picture, turn: int) -> Picture:
    """A picture as its source is stored, with its EXIF orientation: labels are of either."""
    if turn == 1:
        return picture
    exif = picture.exif or Image.Exif()
    exif[ExifTags.Base.Orientation] = turn
    pixels = np.ascontiguousarray(turned(picture.pixels, TURNED_BACK[turn]))
    alpha = None if picture.alpha is None else turned(picture.alpha, TURNED_BACK[turn])
    return replace(picture, pixels=pixels, alpha=alpha, exif=exif)
