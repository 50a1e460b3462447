"""Images that become unreadable while a run trains on them."""

from collections.abc import Callable, Iterator, Mapping, Sequence

from gan.config import Config
from gan.data import Folder, mark_broken, write_index
from gan.data.unpaired import LoadedBatch
from gan.domains import Domain
from gan.images import ImageError
from gan.images.formats import UnreachableError
from gan.system.processes import Processes
from gan.system.remote import path_of
from gan.system.signals import received
from gan.system.text import error_line
from gan.training.recipes.base import Batch

INDEX = "index.json"
"""File in a run's folder: lists the images decoded at the first start, for all later starts."""

CONTINUE = "run the same command again to continue"
AGAIN = f"restore them, and {CONTINUE}"


class BrokenImages:
    """Files that were readable at the start and no longer are; other images replace them.

    Each process lists the broken files of its batches. When the run logs, the processes merge their
    lists. So each broken file is reported once, and all processes end together when too many files
    are lost. The run's index stores the broken files, so a resumed run has the same files in the
    same order.
    """

    def __init__(
        self,
        config: Config,
        folders: Mapping[Domain, Folder],
        processes: Processes,
        saving: Sequence[Callable[[], None]],
    ) -> None:
        """Begin with the folders' known broken files; the `saving` functions save a state."""
        self.saving = saving
        self.index, self.most = config.run.dir / INDEX, config.data.max_unreadable
        self.folders, self.processes = list(folders.values()), processes
        self.fresh: dict[str, str] = {}
        self.known: set[str] = {name for folder in self.folders for name in folder.broken}
        self.excess: str | None = None
        """Why the run cannot continue: a folder has lost too many images; else None."""

    def begin(self) -> None:
        """Write index.json, the list of decoded and broken images. Main process only."""
        write_index(self.index, self.folders)

    def note(self, batches: Iterator[Batch]) -> Iterator[Batch]:
        """Yield the batches; record files that could no longer be read while loading them."""
        for batch in batches:
            if isinstance(batch, LoadedBatch):
                self.fresh |= batch.broken
            yield batch

    def take(self, batches: Iterator[Batch], count: int, *, begun: bool) -> list[Batch]:
        """Return a step's `count` batches; if one cannot be loaded, save and raise ValueError.

        An empty list if a signal has ended the wait for a store: all is saved. Nothing is saved
        before the first step, nor with several processes: they can no longer synchronize, so the
        next start resumes from the last state.
        """
        try:
            return [next(batches) for _ in range(count)]
        except ImageError as error:
            saved = begun and self.processes.world == 1
            if saved:
                self.save()
            store = isinstance(error, UnreachableError)
            if saved and store and received():
                return []
            raise ValueError(f"{error_line(error)}: {CONTINUE if store else AGAIN}") from error

    def save(self) -> None:
        """Save a training state."""
        for part in self.saving:
            part()

    def agree(self) -> list[str]:
        """Return a line for each file that any process has found broken since the last call."""
        found = dict(self.processes.gather(lambda: list(self.fresh.items())))
        self.fresh = {}
        new = {name: reason for name, reason in found.items() if name not in self.known}
        if new:
            self.known |= new.keys()
            self.excess = next(filter(None, map(self.lost, self.folders)), None)
            if self.processes.main:
                mark_broken(self.index, new)
        return [f"{reason}; other images replace it" for reason in new.values()]

    def end_if_too_many(self) -> None:
        """Save and raise ValueError if a folder has lost too many images."""
        if self.excess:
            self.save()
            raise ValueError(self.excess)

    def lost(self, folder: Folder) -> str | None:
        """Return a message if a folder has lost more than data.max_unreadable, else None."""
        lost = sum(path_of(name).is_relative_to(folder.files.root) for name in self.known)
        before = len(folder.unreadable) - len(folder.broken)
        if before + lost <= self.most * (len(folder.files) + before):
            return None
        return (
            f"{folder.root}: {lost} of {len(folder.files)} images can no longer be read "
            f"(data.max_unreadable is {self.most}): {AGAIN}"
        )
