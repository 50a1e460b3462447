"""The folders of an evaluation: source images, references, and pairs of images."""

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from gan.config import DataConfig
from gan.config.choices import Range, Split
from gan.data import sample_image
from gan.data.folders import index_folder
from gan.domains import DOMAINS, Domain
from gan.system.hashing import file_sha256


@dataclass(frozen=True)
class Folder:
    """The readable images of a folder, sorted by name."""

    root: Path
    files: tuple[Path, ...]
    unreadable: tuple[str, ...]
    sha256: str
    """Hash of the names and contents of these images."""

    def name(self, file: Path) -> str:
        """Return an image's name relative to the folder."""
        return file.relative_to(self.root).as_posix()

    def describe(self) -> dict[str, Any]:
        """Return the protocol's entries about the folder."""
        return {"folder": str(self.root), "images": len(self.files), "sha256": self.sha256}


@dataclass(frozen=True)
class Folders:
    """The folders of an evaluation; domains without one are absent."""

    sources: Mapping[Domain, Folder]
    """Folders of images that are translated."""
    references: Mapping[Domain, Folder]
    """Collections that translations into a domain are compared with."""
    pairs: Mapping[Path, Path]
    """Maps each image of a pair to the other one: a source image to its ground truth."""
    notes: tuple[str, ...] = ()


def open_folders(
    data: DataConfig,
    split: Split = "test",
    reference: Split | None = None,
    *,
    paired: bool = True,
    max_images: int | None = None,
) -> Folders:
    """Index the folders of a split, and those of `reference` if it is another split.

    `split` and `reference` are train, val or test; `data` names their folders. The first
    `max_images` files of each folder, in sorted order, are used; None means all. Each is decoded
    once: unreadable files are skipped and named in the notes, as are missing folders. With
    `paired`, images with the same relative name, without suffix, in both folders form pairs.
    ValueError if both folders of `split` are missing, or if a folder has no readable image.
    """
    translated = {domain: _place(data, split, domain) for domain in DOMAINS}
    compared = {domain: _place(data, reference or split, domain) for domain in DOMAINS}
    if not any(path.is_dir() for path in translated.values()):
        raise ValueError(" and ".join(map(str, translated.values())) + ": no such folder")
    opened: dict[Path, Folder] = {}
    notes: list[str] = []
    places = {path: domain for domain in DOMAINS for path in (translated[domain], compared[domain])}
    for path, domain in places.items():
        if path.is_dir():
            opened[path] = _open_folder(path, max_images, data.values(domain))
            notes += [f"skipped: {reason}" for reason in opened[path].unreadable]
        else:
            notes.append(f"{path}: no such folder; metrics that need it are skipped")
    sources = {domain: opened[path] for domain, path in translated.items() if path in opened}
    references = {domain: opened[path] for domain, path in compared.items() if path in opened}
    pairs = _find_pairs(sources["a"], sources["b"]) if paired and len(sources) == 2 else {}
    return Folders(sources, references, pairs, tuple(notes))


def selection_split(data: DataConfig) -> Split:
    """Return the split by which generators are chosen: val if both its folders exist, else test."""
    both = data.root is not None and all(_place(data, "val", d).is_dir() for d in DOMAINS)
    return "val" if both else "test"


def _place(data: DataConfig, split: Split, domain: Domain) -> Path:
    """Return the path of a domain's folder for a split, which need not exist.

    ValueError if the configuration does not name it.
    """
    if split == "train":
        return data.train_folder(domain)
    if data.root is None:
        raise ValueError(f"data.root is not set: name the folder that holds {split}A and {split}B")
    return data.root / f"{split}{domain.upper()}"


def _open_folder(root: Path, max_images: int | None, values: Range | None) -> Folder:
    """Index a folder; hash its images' names and contents; ValueError if it has no images."""
    index = index_folder(root, max_images=max_images, max_unreadable=1, values=values)
    lines = (f"{path.relative_to(root).as_posix()}\t{file_sha256(path)}\n" for path in index.files)
    digest = hashlib.sha256("".join(lines).encode(errors="surrogateescape")).hexdigest()
    return Folder(root, tuple(index.files), index.unreadable, digest)


def _find_pairs(one: Folder, other: Folder) -> dict[Path, Path]:
    """Map each image of a pair to the other one, in both directions.

    A pair has the same relative name, without suffix, in both folders. Names that occur more than
    once in a folder are skipped.
    """
    ours, theirs = _stems(one), _stems(other)
    pairs = {ours[stem]: theirs[stem] for stem in ours if stem in theirs}
    return pairs | {theirs: ours for ours, theirs in pairs.items()}


def _stems(folder: Folder) -> dict[Path, Path]:
    """Return images by relative name without suffix; skip names that occur more than once."""
    names = [path.relative_to(folder.root).with_suffix("") for path in folder.files]
    counts = Counter(names)
    return {n: path for n, path in zip(names, folder.files, strict=True) if counts[n] == 1}


def read_images(files: Sequence[Path], data: DataConfig, domain: Domain) -> Tensor:
    """Read images as they are read for inference: (N, C, crop_size, crop_size) in [-1, 1]."""
    read = partial(sample_image, data=data, domain=domain)
    with ThreadPoolExecutor() as threads:
        return torch.stack(list(threads.map(read, files)))
