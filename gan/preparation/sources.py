"""From sources to candidates: folders, tables of files, videos."""

import os
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from gan.domains import Domain
from gan.images import IMAGE_SUFFIXES, ImageError, Traits, find_images
from gan.inspection.places import Place
from gan.inspection.survey import measured
from gan.preparation import tables, video
from gan.preparation.candidates import Candidate, Frame, Skipped
from gan.preparation.options import PrepareConfig
from gan.preparation.query import chosen


@dataclass(frozen=True)
class Listing:
    """What a source has to offer."""

    candidates: list[Candidate]
    skipped: list[Skipped]


def select(config: PrepareConfig, domain: Domain) -> tuple[Listing, int]:
    """What of a domain's sources fulfils its conditions, and how many pictures there were.

    Each file comes once, the names are unique. ValueError where nothing is left.
    """
    sources = config.sources(domain)
    origin = ", ".join(map(str, sources))
    listings = [list_source(path, config) for path in sources]
    # Files of one name in two sources would be in each other's way.
    folders = distinct([own_name(path) for path in sources]) if len(sources) > 1 else [""]
    offered = [
        (Path(folder), candidate)
        for folder, listing in zip(folders, listings, strict=True)
        for candidate in listing.candidates
    ]
    columns = dict.fromkeys(name for _, candidate in offered for name in candidate.columns)
    rows = [{name: c.columns.get(name, "") for name in columns} for _, c in offered]
    found = located(
        [offered[number] for number in chosen(rows, config.conditions(domain), origin)], config
    )
    skipped = [each for listing in listings for each in listing.skipped] + found.skipped
    if not found.candidates:
        first = f" that can be used ({': '.join(map(str, skipped[0]))})" if skipped else ""
        raise ValueError(f"{origin}: no images{first}")
    return Listing(found.candidates, skipped), len(offered)


def own_name(source: Path) -> str:
    """A source's name without the suffix of a file."""
    return source.resolve().name if source.is_dir() else source.stem


def distinct(names: Sequence[str]) -> list[str]:
    """The names, later ones with a number where they have been before."""
    result: list[str] = []
    for name in names:
        number, other = 2, name
        while other in result:
            number, other = number + 1, f"{name}-{number}"
        result.append(other)
    return result


def list_source(path: Path, config: PrepareConfig) -> Listing:
    """What a source has to offer, by what it is; ValueError for what is none."""
    suffix = path.suffix.lower()
    if path.is_dir():
        return from_folder(path)
    if not path.is_file():
        raise ValueError(f"{path}: {'no regular file' if path.exists() else 'no such source'}")
    if suffix in tables.SUFFIXES:
        return from_table(path, config)
    if suffix in video.SUFFIXES:
        return from_video(path, config)
    known = " ".join((*tables.SUFFIXES, *video.SUFFIXES))
    raise ValueError(f"{path}: a source is a folder, a table or a video ({known})")


def from_folder(folder: Path) -> Listing:
    """All images of a folder and its sub-folders; `class` is the folder that one lies in."""
    found = find_images(folder)
    candidates = []
    for path in found.images:
        name = path.relative_to(folder)
        columns = {"path": name.as_posix(), "name": name.name, "class": name.parent.name}
        candidates.append(Candidate(path, name, columns))
    return Listing(candidates, found.skipped)


def from_table(path: Path, config: PrepareConfig) -> Listing:
    """A candidate for each row; whether its file exists is not asked before rows are chosen."""
    rows = tables.read_rows(path)
    column = tables.file_column(path, list(rows[0]), config.file_column)
    folder = config.images or path.parent
    if not folder.is_dir():
        raise ValueError(f"{folder}: no such folder (images)")
    named = [row for row in rows if row[column].strip()]
    return Listing([Candidate(folder, Path(row[column].strip()), row) for row in named], [])


def from_video(path: Path, config: PrepareConfig) -> Listing:
    """The frames that are taken of a video; those behind a damage are missing, which is said."""
    candidates: list[Candidate] = []
    place = Place(path)
    name = path.stem
    try:
        frames = video.sampled(path, config.frames_per_second, config.every_frame)
        for number, second, image in frames:
            facts = measured(path, place, Traits(image.size, "", {}), image)
            columns = {"path": path.name, "name": name, "class": ""}
            frame = Frame(number, second, facts)
            candidates.append(Candidate(path, Path(f"{name}-{number:06d}.jpg"), columns, frame))
    except ImageError as error:
        reason = str(error).removeprefix(f"{path}: ")
        after = f"damaged after {candidates[-1].name.stem}: " if candidates else ""
        return Listing(candidates, [(path, after + reason)])
    return Listing(candidates, [])


def located(offered: Sequence[tuple[Path, Candidate]], config: PrepareConfig) -> Listing:
    """The candidates with their files, which rows of tables only name; each file once.

    Each comes with the folder that is put before its name.
    """
    result: dict[tuple[Path, int | None], Candidate] = {}
    skipped: list[Skipped] = []
    indexes: dict[Path, Index] = {}
    for before, candidate in offered:
        folder = candidate.source
        if folder.is_dir():
            index = indexes.setdefault(folder, Index(folder))
            try:
                path = index.file(candidate.name)
            except ImageError as error:
                skipped.append((folder / candidate.name, str(error)))
                continue
            candidate = replace(candidate, source=path, name=path.relative_to(folder))
        number = candidate.frame.number if candidate.frame else None
        named = replace(candidate, name=before / candidate.name)
        result.setdefault((candidate.source.resolve(), number), named)
    return Listing(list(result.values()), skipped)


class Index:
    """The images of a folder by their bare names, which are read when the first one is sought."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.root = folder, folder.resolve()
        self.names: dict[str, list[Path]] | None = None

    def file(self, name: Path) -> Path:
        """The image that a table means by a name; ImageError says why there is none.

        That is the file of this path below the folder, or else the only one below it with this bare
        name, with or without its suffix.
        """
        path = self.folder / os.path.relpath(os.path.normpath(self.folder / name), self.folder)
        if ".." in path.relative_to(self.folder).parts:
            raise ImageError(f"leads out of {self.folder}")
        if not os.path.lexists(path):
            path = self.sought(name.name)
        if not path.resolve().is_relative_to(self.root):
            raise ImageError(f"leads out of {self.folder}")
        if not path.is_file():
            raise ImageError("no regular file")
        if path.suffix.lower() not in IMAGE_SUFFIXES:
            raise ImageError("its name has no suffix of an image")
        return path

    def sought(self, name: str) -> Path:
        """The only image with a bare name."""
        if self.names is None:
            self.names = defaultdict(list)
            for path in find_images(self.folder).images:
                for key in {path.name, path.stem}:
                    self.names[key].append(path)
        found = self.names.get(name, [])
        if len(found) != 1:
            raise ImageError(f"{len(found) or 'no'} images of this name below {self.folder}")
        return found[0]
