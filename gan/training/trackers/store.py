"""Write a run to a tracker through accelerate's interface."""

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
    """The facts about a run that its trackers use."""

    folder: Path
    """The run's folder."""
    project: str
    """The value of run.project."""
    config: Mapping[str, Any]
    """The configuration by dotted key: numbers, strings, booleans and None."""

    @property
    def name(self) -> str:
        """The run's name, which is its folder's name."""
        return self.folder.absolute().name

    def kept(self, tracker: str) -> dict[str, str]:
        """Return the facts that `keep` has stored; {} if their file is missing or damaged."""
        try:
            facts = json.loads((self.folder / FOLDER / f"{tracker}.json").read_text("utf-8"))
        except (OSError, ValueError):
            return {}
        return facts if isinstance(facts, dict) else {}

    def keep(self, tracker: str, **facts: str) -> None:
        """Store facts by which a tracker finds this run again."""
        text = json.dumps(facts) + "\n"
        path = self.folder / FOLDER / f"{tracker}.json"
        write_whole(path, lambda file: file.write(text.encode()))


class Store:
    """Writes entries of increasing steps; one thread calls all methods.

    This class uses accelerate's interface only, so each start begins a new run with the whole
    history. Subclasses can continue a run.
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
        """Return further arguments for the tracker's class."""
        return {}

    def configure(self) -> None:
        """Write the configuration."""
        self.tracker.store_init_configuration(dict(self.place.config))

    def newest(self) -> int:
        """Return the newest step in the store; here the last one tried, -1 before any."""
        return self.tried

    def add(self, entry: Entry) -> None:
        """Write an entry, unless the store already has its step or a later one.

        After a failure, newest() tells which steps have arrived, so no step is written twice.
        """
        if self.tried > self.last:
            self.last = self.newest()
        if entry.step > self.last:
            self.tried = entry.step
            self.log(entry)
        self.last = self.tried = max(self.last, entry.step)

    def log(self, entry: Entry) -> None:
        """Write an entry: scalars and texts in one call, then images."""
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
        """Read an image, given its path in the run's folder."""
        with Image.open(self.place.folder / path) as image:
            return image.convert("RGB")

    def files(self, paths: Iterable[Path]) -> None:
        """Store the final generators, if the tracker stores files; this class does not."""
        return None

    def finish(self) -> None:
        """Write the rest and end the session."""
        self.tracker.finish()
