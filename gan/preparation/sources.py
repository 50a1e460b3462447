"""Find the candidates in folders, tables of files and videos."""

import os
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from itertools import chain, count
from pathlib import Path

from gan.domains import Domain
from gan.images import IMAGE_SUFFIXES, ImageError, Traits, find_images, nothing_found
from gan.images.stacks import stack_pages
from gan.inspection.survey import Place, measured
from gan.preparation import tables, video
from gan.preparation.candidates import Candidate, Skipped
from gan.preparation.options import PrepareOptions


def select(config: PrepareOptions, domain: Domain) -> tuple[list[Candidate], list[Skipped]]:
    """Return the pictures of a domain that fulfill its conditions, and the files that are skipped.

    Prints how many are chosen. Each file is chosen once, and the names are unique. ValueError if
    no picture is left.
    """
    sources = config.a if domain == "a" else config.b
    conditions = config.where_a if domain == "a" else config.where_b
    origin = ", ".join(map(str, sources))
    # Two sources may have files with equal names: each source gets a separate folder.
    names = [path.resolve().name if path.is_dir() else path.stem for path in sources]
    folders = _distinct(names) if len(names) > 1 else [""]
    offered: list[tuple[Path, Candidate]] = []
    skipped: list[Skipped] = []
    for path, folder in zip(sources, folders, strict=True):
        candidates = _list_source(path, config, domain, skipped)
        offered += [(Path(folder), candidate) for candidate in candidates]
    columns = dict.fromkeys(name for _, candidate in offered for name in candidate.columns)
    rows = [{name: c.columns.get(name, "") for name in columns} for _, c in offered]
    wanted = tables.chosen(rows, conditions, origin)
    found = _located([offered[number] for number in wanted], skipped)
    if not found:
        first = f" that can be used ({': '.join(map(str, skipped[0]))})" if skipped else ""
        raise ValueError(f"{origin}: no images{first}")
    print(f"{domain.upper()}: {len(found)} of {len(offered)} images chosen")
    return found, skipped


def _distinct(names: Sequence[str]) -> list[str]:
    """Return the names; repeated ones get a number: photos, photos-2."""
    result: list[str] = []
    for name in names:
        others = chain([name], (f"{name}-{number}" for number in count(2)))
        result.append(next(other for other in others if other not in result))
    return result


def _list_source(
    path: Path, config: PrepareOptions, domain: Domain, skipped: list[Skipped]
) -> Iterable[Candidate]:
    """Return the candidates of a folder, table or video; ValueError for anything else.

    Files that cannot be used are added to `skipped`.
    """
    suffix = path.suffix.lower()
    if path.is_dir():
        return _from_folder(path, domain, skipped)
    if not path.is_file():
        raise ValueError(f"{path}: {'not a regular file' if path.exists() else 'no such source'}")
    if suffix in tables.SUFFIXES:
        return _from_table(path, config, domain)
    if suffix in video.SUFFIXES:
        return _from_video(path, config, domain, skipped)
    raise ValueError(
        f"{path}: a source is a folder, a table or a video "
        f"({' '.join((*tables.SUFFIXES, *video.SUFFIXES))})"
    )


def _from_folder(folder: Path, domain: Domain, skipped: list[Skipped]) -> Iterator[Candidate]:
    """Yield all images of a folder and its sub-folders, stacks page by page.

    The column `class` is the name of the folder that contains the image.
    """
    found = find_images(folder)
    if not found.images:
        skipped.append((folder, nothing_found(folder, found).removeprefix(f"{folder}: ")))
    skipped += found.skipped
    for path in found.images:
        name = path.relative_to(folder)
        columns = {"path": name.as_posix(), "name": name.name, "class": name.parent.name}
        try:
            pages = stack_pages(path)
        except ImageError as error:
            skipped.append((path, str(error).removeprefix(f"{path}: ")))
            continue
        if pages == 1:
            yield Candidate(domain, path, name, columns)
        for page in range(pages if pages > 1 else 0):
            cut = name.with_name(f"{name.stem}-{page:04d}.tif")
            yield Candidate(domain, path, cut, columns, page=page)


def _from_table(path: Path, config: PrepareOptions, domain: Domain) -> list[Candidate]:
    """Return a candidate for each row with a name; `_located` finds the files of chosen rows."""
    rows = tables.read_rows(path)
    column = tables.file_column(path, list(rows[0]), config.file_column)
    folder = config.images or path.parent
    if not folder.is_dir():
        raise ValueError(f"{folder}: no such folder (images)")
    named = [(row[column].strip(), row) for row in rows]
    return [Candidate(domain, folder, Path(name), row) for name, row in named if name]


def _from_video(
    path: Path, config: PrepareOptions, domain: Domain, skipped: list[Skipped]
) -> Iterator[Candidate]:
    """Yield the sampled frames of a video; stop at damage, and add the video to `skipped`."""
    columns = {"path": path.name, "name": path.stem, "class": ""}
    after = ""
    try:
        for number, second, image in video.sampled(
            path, config.frames_per_second, config.every_frame
        ):
            facts = measured(path, Place(path), Traits(image.size, "", {}), image)
            name = f"{path.stem}-{number:06d}"
            after = f"damaged after {name}: "
            yield Candidate(
                domain, path, Path(f"{name}.jpg"), columns, number, second=second, facts=facts
            )
    except ImageError as error:
        skipped.append((path, after + str(error).removeprefix(f"{path}: ")))


def _located(offered: Sequence[tuple[Path, Candidate]], skipped: list[Skipped]) -> list[Candidate]:
    """Return the candidates with the files named in rows of tables, each file once.

    `offered` has pairs (folder to put before the candidate's name, candidate). Names without a
    usable file are added to `skipped`.
    """
    result: dict[tuple[Path, int | None], Candidate] = {}
    indexes: dict[Path, Index] = {}
    for before, candidate in offered:
        folder = candidate.source
        if folder.is_dir():
            index = indexes.setdefault(folder, Index(folder))
            try:
                path = index.file(candidate.name)
            except ImageError as error:
                given = folder / candidate.name
                skipped.append((given, str(error).removeprefix(f"{given}: ")))
                continue
            candidate = replace(candidate, source=path, name=path.relative_to(folder))
        result.setdefault(candidate.origin, replace(candidate, name=before / candidate.name))
    return list(result.values())


class Index:
    """The images of a folder by name; the folder is listed at the first search by bare name."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.root = folder, folder.resolve()

    @cached_property
    def names(self) -> dict[str, list[Path]]:
        """The images by their names with and without suffix."""
        result: dict[str, list[Path]] = defaultdict(list)
        for path in find_images(self.folder).images:
            for key in {path.name, path.stem}:
                result[key].append(path)
        return result

    def file(self, name: Path) -> Path:
        """Return the image with the name given in a table; ImageError if there is not exactly one.

        It is the file at this path below the folder. If there is none, it is the only image below
        the folder whose name, with or without suffix, is the last part of the path.
        """
        path = self.folder / os.path.relpath(os.path.normpath(self.folder / name), self.folder)
        if ".." in path.relative_to(self.folder).parts:
            raise ImageError(f"{self.folder / name}: leads out of {self.folder}")
        if not os.path.lexists(path):
            found = self.names.get(name.name, [])
            if len(found) != 1:
                count = f"{len(found) or 'no'} images with this name"
                raise ImageError(f"{self.folder / name}: {count} below {self.folder}")
            path = found[0]
        if not path.resolve().is_relative_to(self.root):
            raise ImageError(f"{self.folder / name}: leads out of {self.folder}")
        if not path.is_file():
            raise ImageError(f"{self.folder / name}: not a regular file")
        if path.suffix.lower() not in IMAGE_SUFFIXES:
            raise ImageError(f"{self.folder / name}: its suffix is not an image's")
        return path
