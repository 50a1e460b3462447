"""Write a run into a tracker's store, through accelerate's interface of trackers."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from accelerate.tracking import GeneralTracker
from PIL import Image

from gan.config.table import load
from gan.config.tables.trackers import TrackerRow
from gan.system.atomic import write_whole
from gan.training.trackers.history import FOLDER, Entry


@dataclass(frozen=True)
class Place:
    """A run as its trackers know it."""

    folder: Path
    """The run's folder."""
    project: str
    """run.project."""
    config: Mapping[str, Any]
    """The configuration by dotted key: numbers, strings, booleans and None."""

    @property
    def name(self) -> str:
        """The run's name: that of its folder."""
        return self.folder.absolute().name

    def kept(self, tracker: str) -> dict[str, str]:
        """Return what `keep` has kept for a tracker; {} if the file is missing or damaged."""
        try:
            facts = json.loads((self.folder / FOLDER / f"{tracker}.json").read_text("utf-8"))
        except (OSError, ValueError):
            return {}
        return facts if isinstance(facts, dict) else {}

    def keep(self, tracker: str, **facts: str) -> None:
        """Keep facts by which a tracker finds this run again."""
        text = json.dumps(facts) + "\n"
        path = self.folder / FOLDER / f"{tracker}.json"
        write_whole(path, lambda file: file.write(text.encode()))


class Store:
    """Writes entries of increasing steps; one thread calls all methods.

    This one does what accelerate's interface can do. It begins a new run at each start, which gets
    the whole history. Stores that continue a run inherit from it, and override what differs.
    """

    def __init__(self, name: str, row: TrackerRow, place: Place) -> None:
        self.name, self.row, self.place = name, row, place
        self.tracker: GeneralTracker
        # The newest step in the store, and the newest one that was tried.
        self.last = self.tried = -1

    def start(self) -> None:
        """Connect, and write the configuration."""
        made = load(self.row.code)
        folder = (str(self.place.folder / FOLDER),) if made.requires_logging_directory else ()
        self.tracker = made(self.place.project, *folder, **self.arguments())
        self.tracker.start()
        self.configure()
        self.last = self.newest()

    def arguments(self) -> dict[str, Any]:
        """Return further arguments of the tracker's class."""
        return {}

    def configure(self) -> None:
        """Write the configuration."""
        self.tracker.store_init_configuration(dict(self.place.config))

    def newest(self) -> int:
        """Return the newest step in the store, -1 if it is empty; an attempt counts as success."""
        return self.tried

    def add(self, entry: Entry) -> None:
        """Write an entry, if the store has none of its step or of a later one.

        After a failure the store is asked what has arrived, so that a step is never there twice.
        """
        if self.tried > self.last:
            self.last = self.newest()
        if entry.step > self.last:
            self.tried = entry.step
            self.log(entry)
        self.last = self.tried = max(self.last, entry.step)

    def log(self, entry: Entry) -> None:
        """Write scalars and texts of an entry in one call, then its images."""
        if values := entry.scalars | entry.texts:
            self.tracker.log(values, step=entry.step)
        if entry.images and hasattr(self.tracker, "log_images"):
            images = {name: self.image(path) for name, path in entry.images.items()}
            one = self.row.one_image
            self.tracker.log_images(
                {name: image if one else [image] for name, image in images.items()},
                step=entry.step,
            )

    def image(self, path: str) -> Image.Image:
        """Read one of the run's images."""
        with Image.open(self.place.folder / path) as image:
            return image.convert("RGB")

    def files(self, paths: Iterable[Path]) -> None:
        """Store the final generators, if the tracker keeps files."""
        return None

    def finish(self) -> None:
        """Write the rest, and end the session."""
        self.tracker.finish()
