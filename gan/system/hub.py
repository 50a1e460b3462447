"""Datasets of the Hugging Face Hub: files of a repository, or rows of its Parquet files, by URL.

These are the methods of fsspec's files that are used here. fsspec's own layer for the Hub lists the
folder of each file that is opened, and keeps the list: a million files would be a million objects
in every worker. Here a file is one request.
"""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module
from typing import Any
from urllib.parse import parse_qsl

URL = re.compile(
    r"hf://datasets/(?P<repo>[^/@?]+/[^/@?]+)"
    r"(?:@(?P<revision>refs/(?:pr|convert)/[^/?]+|[^/?]+))?"
    r"(?P<path>/[^?]*)?(?:\?(?P<query>[^/]*)(?P<below>/.*)?)?"
)
PINNED = re.compile("[0-9a-f]{40}")
KEYS = ("config", "split", "column")
"""What a query may choose."""
PICTURES = (".jpg", ".jpeg", ".png", ".webp", ".tif", ".tiff", ".bmp", ".gif", ".avif")
"""Suffixes of files for which a repository counts as one of images, not of tables."""
SECONDS = 60
"""Longest time of a request."""


@dataclass(frozen=True)
class Place:
    """The parts of a URL."""

    repo: str
    revision: str
    path: str
    """Below the repository, of a folder, a file, or a row: FILE.parquet/ROW.png."""
    query: str = ""

    @classmethod
    def of(cls, url: str) -> "Place":
        """Return the parts of a URL; ValueError if it is not one of a dataset."""
        if not (match := URL.fullmatch(url.rstrip("/"))):
            raise ValueError("expected hf://datasets/OWNER/NAME")
        path = f"{match['path'] or ''}{match['below'] or ''}".strip("/")
        return cls(match["repo"], match["revision"] or "main", path, match["query"] or "")

    @property
    def chosen(self) -> dict[str, str]:
        """What the query chooses; ValueError for other keys."""
        words = dict(parse_qsl(self.query, keep_blank_values=True))
        if others := words.keys() - {*KEYS}:
            raise ValueError(
                f"no such choice: {', '.join(sorted(others))}; there is {', '.join(KEYS)}"
            )
        return words


def _endpoint() -> str | None:
    """Return the server that the environment names now; huggingface_hub keeps its first value."""
    return os.environ.get("HF_ENDPOINT")


def _api() -> Any:
    from huggingface_hub import HfApi

    return HfApi(_endpoint())


@lru_cache(maxsize=64)
def _asked(endpoint: str | None, repo: str, revision: str) -> tuple[str, dict[str, Any]]:
    """Return a revision's commit and the data of the repository's card, asked once."""
    from huggingface_hub.errors import RepositoryNotFoundError, RevisionNotFoundError

    try:
        found = _api().dataset_info(repo, revision=revision, timeout=SECONDS)
    except RevisionNotFoundError as error:
        raise ValueError(f"no revision {revision}") from error
    except RepositoryNotFoundError as error:
        raise PermissionError("no such dataset, or HF_TOKEN may not read it") from error
    return str(found.sha), found.card_data.to_dict() if found.card_data else {}


def _about(place: Place) -> tuple[str, dict[str, Any]]:
    """Return the commit of a place's revision and the data of the repository's card."""
    return _asked(_endpoint(), place.repo, place.revision)


class Hub:
    """All datasets; methods take URLs. Errors are those of huggingface_hub."""

    def pinned(self, url: str) -> str:
        """Return the URL with the commit that its revision names now."""
        place = Place.of(url)
        commit, _ = _about(place)
        path, query = f"/{place.path}" if place.path else "", f"?{place.query}"
        return f"hf://datasets/{place.repo}@{commit}{path}{query if place.query else ''}"

    def find(self, url: str, **_: Any) -> dict[str, dict[str, Any]]:
        """Return the files below a URL by name, below it, or rows of its Parquet files."""
        from gan.system.tables import Tables, is_table

        place = Place.of(url)
        commit, card = _about(place)
        place = Place(place.repo, commit, place.path, place.query)
        start = f"{place.path}/" if place.path else ""
        files = {
            each["name"].removeprefix(start): each
            for each in self._tree(place)
            if each["name"].startswith(start)
        }
        pictures = any(name.lower().endswith(PICTURES) for name in files)
        if place.query or (not pictures and any(map(is_table, files))):
            return Tables(self, place).rows(files, card)
        return files

    def _tree(self, place: Place) -> Iterator[dict[str, Any]]:
        """Yield the files below a place, by their names in the repository."""
        from huggingface_hub import RepoFile
        from huggingface_hub.errors import EntryNotFoundError

        try:
            for each in _api().list_repo_tree(
                place.repo,
                place.path or None,
                recursive=True,
                revision=place.revision,
                repo_type="dataset",
            ):
                if isinstance(each, RepoFile):
                    about = {"size": each.size, "blob_id": each.blob_id}
                    yield {"type": "file", "name": each.path, **about}
        except EntryNotFoundError as error:
            raise FileNotFoundError(place.path) from error

    def info(self, url: str) -> dict[str, Any]:
        """Return the description of a file, a row or a folder."""
        from huggingface_hub import RepoFile

        from gan.system.tables import row_of

        place = Place.of(url)
        if row_of(place.path):
            return {"type": "file", "size": 0}
        commit, _ = _about(place)
        if not place.path:
            return {"type": "directory", "size": 0}
        found = _api().get_paths_info(place.repo, place.path, revision=commit, repo_type="dataset")
        if not found:
            raise FileNotFoundError(url)
        if isinstance(found[0], RepoFile):
            return {"type": "file", "size": found[0].size, "blob_id": found[0].blob_id}
        return {"type": "directory", "size": 0}

    def exists(self, url: str) -> bool:
        """Return whether there is such a file or folder."""
        try:
            return bool(self.info(url))
        except FileNotFoundError:
            return False

    def cat_file(self, url: str, start: int | None = None, end: int | None = None) -> bytes:
        """Return a file or a row's image, or the bytes from `start` to before `end`."""
        from gan.system.tables import Tables, row_of

        place = Place.of(url)
        if row := row_of(place.path):
            known = PINNED.fullmatch(place.revision)
            commit = place.revision if known else _about(place)[0]
            pinned = Place(place.repo, commit, row[0], place.query)
            return Tables(self, pinned).image(row[1])[start:end]
        return self.read(place, start, end)

    def read(self, place: Place, start: int | None = None, end: int | None = None) -> bytes:
        """Return a file, or the bytes from `start` to before `end`, in one request."""
        from huggingface_hub import hf_hub_url

        utils: Any = import_module("huggingface_hub.utils")  # mypy finds no exports in it
        headers = utils.build_hf_headers()
        if start is not None and end is not None:
            headers["range"] = f"bytes={start}-{end - 1}"
        url = hf_hub_url(
            place.repo,
            place.path,
            repo_type="dataset",
            revision=place.revision,
            endpoint=_endpoint(),
        )
        answer = utils.get_session().get(
            url, headers=headers, timeout=SECONDS, follow_redirects=True
        )
        if answer.status_code == 404:
            raise FileNotFoundError(url)
        utils.hf_raise_for_status(answer)
        return bytes(answer.content)
