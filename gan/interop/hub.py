"""Models in folders that can be shared, and on the Hugging Face Hub."""

import re
import shutil
from collections.abc import Sequence
from pathlib import Path

from gan.domains import DIRECTIONS, Direction
from gan.interop.card import model_card
from gan.interop.generators import Opened, open_generator
from gan.networks.files import save_generator

SCHEME = "hf://"
REPOSITORY = re.compile(rf"{SCHEME}([\w.-]+/[\w.-]+)(?:/(.+))?")
"""A repository, or a file in one."""


def fetch(name: str | Path, revision: str | None = None) -> Path:
    """Return a local path as it is; a repository, hf://user/name, or a file in one, from the Hub's
    cache.

    ValueError for a path that does not exist, at once: it is never taken for a repository's name.
    Downloads need a network unless the Hub's cache has the files.
    """
    text = str(name)
    if isinstance(name, Path) or not text.startswith(SCHEME):
        if not Path(name).exists():
            raise ValueError(
                f"{name}: no such folder or file (a repository of the Hugging Face Hub is called "
                f"{SCHEME}user/name)"
            )
        return Path(name)
    match = REPOSITORY.fullmatch(text)
    if match is None:
        raise ValueError(f"{name}: should be {SCHEME}user/name or {SCHEME}user/name/file")
    import huggingface_hub

    try:
        if match[2]:
            return Path(huggingface_hub.hf_hub_download(match[1], match[2], revision=revision))
        return Path(
            huggingface_hub.snapshot_download(
                match[1], revision=revision, allow_patterns=["*.safetensors", "*_net_G_?.pth"]
            )
        )
    except Exception as error:  # of the hub, of its client, of the network, of the disk
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise ValueError(f"{name}: cannot be fetched: {reason}") from error


def write_model(
    folder: Path, files: Sequence[Path], license: str = "unknown", *, overwrite: bool = False
) -> None:
    """Write a folder for sharing: generators as gen_ab.safetensors and the like, and a model card.

    `files` are generators of any kind. What lies beside them if they are a run's tells the card
    data, recipe, metrics and samples; local paths stay out of it. `license` is one of the Hub's
    identifiers. A README.md that is there stays: somebody may have filled it in. ValueError names a
    file that is not a generator, a folder that holds other things, and, without `overwrite`, what
    is there already.
    """
    if not re.fullmatch(r"[a-z0-9][a-z0-9.+-]*", license):
        raise ValueError(f"license: {license}: should be an identifier of the Hub, as mit, cc0-1.0")
    written = {
        "README.md",
        *(f"gen_{each}.safetensors" for each in DIRECTIONS),
        *(f"samples-{each}.png" for each in DIRECTIONS),
    }
    if folder.is_file() or (folder.is_dir() and {path.name for path in folder.iterdir()} - written):
        raise ValueError(f"{folder}: holds other files: name a folder that is empty, or a new one")
    generators: dict[Direction, Opened] = {}
    for opened in map(open_generator, files):
        generators[opened.about.setdefault("direction", "ab")] = opened
    for direction in generators:
        if (path := folder / f"gen_{direction}.safetensors").exists() and not overwrite:
            raise ValueError(f"{folder}: {path.name} is there already: name another, or overwrite")
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
    """Upload a folder that write_model made as the repository user/name; its address.

    With the token that `hf auth login` left. ValueError in one line where that fails.
    """
    import huggingface_hub

    try:
        api = huggingface_hub.HfApi()
        name = repository.removeprefix(SCHEME)
        address = api.create_repo(name, private=private, exist_ok=True)
        api.upload_folder(repo_id=name, folder_path=folder)
        return str(address)
    except Exception as error:  # of the hub, of its client, of the network
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise ValueError(f"{repository}: cannot be pushed: {reason}") from error
