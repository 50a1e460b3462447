"""Write folders of models for sharing, and exchange them with the Hugging Face Hub."""

import re
import shutil
from collections.abc import Sequence
from contextlib import suppress
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import unquote

from pydantic import BaseModel

from gan.domains import DIRECTIONS, Direction
from gan.interop.card import model_card
from gan.interop.generators import Opened, open_generator
from gan.networks.files import save_generator
from gan.system.remote import URL

Options = TypeVar("Options", bound=BaseModel)
SCHEME = "hf://"
ADDRESS = re.compile(r"hf:(/+|$)", re.IGNORECASE)
"""Beginning of a repository's address. A Path keeps only one of the two slashes."""
REPOSITORY = re.compile(
    rf"{SCHEME}(?P<name>[\w.-]+/[\w.-]+)(?:@(?P<revision>[^/]+))?(?:/(?P<file>.+))?"
)
"""Address of a repository, of one of its revisions, or of a file in one."""
KINDS = ("*.safetensors", "*_net_G_?.pth")
"""Patterns of generators' file names."""
NETWORK = ("ConnectError", "ConnectTimeout", "ConnectionError", "LocalEntryNotFoundError")
"""Error names of the Hub's client when it cannot reach the Hub."""
CACHED = "; only files that were downloaded before are available"
MOST_BYTES = 2 * 10**9
"""Largest total size of a download in bytes; a generator of 64 channels has 46 MB."""


def is_address(name: str | Path) -> bool:
    """Return whether this is a repository's address, hf://user/name, rather than a path."""
    return ADDRESS.match(Path(name).as_posix()) is not None


def check_kind(name: str | Path) -> None:
    """Raise ValueError for a URL of a kind from which models are not read."""
    match = URL.match(str(name))
    if match and not is_address(name) and not Path(name).exists():
        raise ValueError(
            f"{match['scheme']}://{match['rest']}: expected a local path or {SCHEME}user/name"
        )


def fetch(name: str | Path, revision: str | None = None) -> Path:
    """Return a local path: `name` itself, or the downloaded hf://user/name[@revision][/file].

    A revision is a branch, tag or commit; a slash in it is written %2F. Without a network, files
    must be in the Hub's cache. ValueError if a local path does not exist, or if a download fails or
    would exceed MOST_BYTES.
    """
    if not is_address(name):
        if not Path(name).exists():
            check_kind(name)
            raise ValueError(
                f"{name}: no such folder or file (for a repository of the Hugging Face Hub, give "
                f"{SCHEME}user/name)"
            )
        return Path(name)
    address = ADDRESS.sub(SCHEME, Path(name).as_posix(), count=1)
    match = REPOSITORY.fullmatch(str(name) if str(name).startswith(SCHEME) else address)
    if match is None:
        raise ValueError(
            f"{address}: expected {SCHEME}user/name, {SCHEME}user/name@revision or "
            f"{SCHEME}user/name/file"
        )
    if match["revision"] and revision:
        raise ValueError(
            f"{address}: has a revision, and revision={revision} is also given: remove one"
        )
    revision = unquote(match["revision"]) if match["revision"] else revision
    try:
        return _download(match["name"], match["file"], revision)
    except Exception as error:  # from the Hub, its client, the network or the disk
        reason = _reason(error)
        cached = CACHED if reason.startswith("no network, or") else ""
        raise ValueError(f"{address}: cannot be downloaded: {reason}{cached}") from error


def with_local_models(options: Options) -> Options:
    """Return a command's options; models on the Hub are downloaded and replaced by local paths.

    The fields are model and models: paths, or lists of paths. ValueError as from fetch.
    """
    changed: dict[str, Any] = {}
    for name in ("model", "models"):
        match getattr(options, name, None):
            case Path() as path if URL.match(str(path)):
                changed[name] = _local(path)
            case list() as paths if any(URL.match(str(path)) for path in paths):
                changed[name] = [_local(path) for path in paths]
    return options.model_copy(update=changed) if changed else options


def _local(path: Path) -> Path:
    """Return a model's local path, downloaded if needed; ValueError for other URLs."""
    check_kind(path)
    return fetch(path) if is_address(path) else path


def _download(repository: str, file: str | None, revision: str | None) -> Path:
    """Download a file of a repository, or all its generators; return the local path.

    If the Hub can be reached, sizes are checked before the download. They are checked again after
    it. ValueError if they exceed the limit, or if there are no generators.
    """
    import huggingface_hub

    listed = None
    with suppress(Exception):  # without a network the cache may have the files: see below
        listed = huggingface_hub.HfApi().model_info(
            repository, revision=revision, files_metadata=True
        )
    if listed is not None:
        found = {each.rfilename: each.size or 0 for each in listed.siblings or []}
        wanted = [name for name in found if (name == file if file else _holds_generator(name))]
        if not wanted and not file:
            raise ValueError("the repository has no generator, such as gen_ab.safetensors")
        _check_size(sum(found[name] for name in wanted))
    if file:
        path = Path(huggingface_hub.hf_hub_download(repository, file, revision=revision))
        _check_size(path.stat().st_size)
        return path
    folder = Path(
        huggingface_hub.snapshot_download(
            repository, revision=revision, allow_patterns=list(KINDS), ignore_patterns="*/*"
        )
    )
    _check_size(sum(each.stat().st_size for each in folder.iterdir() if each.is_file()))
    return folder


def _holds_generator(name: str) -> bool:
    """Return whether a repository's file is at its top level and has the name of a generator."""
    return "/" not in name and any(fnmatchcase(name, kind) for kind in KINDS)


def _check_size(size: int) -> None:
    """Raise ValueError if a download is larger than the limit."""
    if size > MOST_BYTES:
        raise ValueError(
            f"{size / 1e9:.1f} GB of files exceed the limit of {MOST_BYTES / 1e9:g} GB"
        )


def _reason(error: Exception) -> str:
    """Return the first line of an error, or a text about a missing network."""
    line = (str(error).strip() or type(error).__name__).splitlines()[0].removeprefix("Got: ")
    if any(name in f"{type(error).__name__} {line}" for name in NETWORK):
        return f"no network, or HF_ENDPOINT is wrong ({line})"
    return line


def write_model(
    folder: Path, files: Sequence[Path], license: str = "unknown", *, overwrite: bool = False
) -> None:
    """Write a folder for sharing: gen_ab.safetensors, gen_ba.safetensors or both, and a model card.

    `files` are generators in any supported format. If they are in a run directory, the card gets
    data, recipe, metrics and samples from the run, without local paths. `license` is a license id
    of the Hub. An existing README.md is kept, because it may have been edited. ValueError if a file
    is not a generator, if the folder holds other files, or, without `overwrite`, if it holds a
    generator of the same direction.
    """
    if not re.fullmatch(r"[a-z0-9][a-z0-9.+-]*", license):
        raise ValueError(f"license: {license}: must be a Hub license id, such as mit or cc0-1.0")
    written = {
        "README.md",
        *(f"gen_{each}.safetensors" for each in DIRECTIONS),
        *(f"samples-{each}.png" for each in DIRECTIONS),
    }
    if folder.is_file() or (folder.is_dir() and {path.name for path in folder.iterdir()} - written):
        raise ValueError(f"{folder}: holds other files: name a new or empty folder")
    generators: dict[Direction, Opened] = {}
    for opened in map(open_generator, files):
        generators[opened.about.setdefault("direction", "ab")] = opened
    for direction in generators:
        if (path := folder / f"gen_{direction}.safetensors").exists() and not overwrite:
            raise ValueError(f"{folder}: {path.name} exists: name another folder, or overwrite")
    folder.mkdir(parents=True, exist_ok=True)
    run = files[0].parent
    for direction, opened in generators.items():
        path = folder / f"gen_{direction}.safetensors"
        save_generator(opened.network.state_dict(), path, opened.spec, opened.about)
        if samples := sorted((run / "samples").glob(f"step-*-{direction}.png")):
            shutil.copyfile(samples[-1], folder / f"samples-{direction}.png")
    if not (card := folder / "README.md").exists():
        card.write_text(model_card(run, generators, folder, license), encoding="utf-8")


def push(folder: Path, repository: str, *, private: bool = False) -> str:
    """Upload a folder that write_model wrote as the repository user/name; return its URL.

    The token is that of `hf auth login`. ValueError, in one line, if the upload fails.
    """
    import huggingface_hub

    try:
        api = huggingface_hub.HfApi()
        name = repository.removeprefix(SCHEME)
        address = api.create_repo(name, private=private, exist_ok=True)
        api.upload_folder(repo_id=name, folder_path=folder)
        return str(address)
    except Exception as error:  # from the Hub, its client or the network
        raise ValueError(f"{repository}: cannot be uploaded: {_reason(error)}") from error
