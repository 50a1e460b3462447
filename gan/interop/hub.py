"""Write folders of models for sharing, and exchange them with the Hugging Face Hub."""

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
    """Return a local path unchanged, or download hf://user/name[/file] and return its local path.

    Downloads need a network unless the Hub's cache has the files. `revision` is a branch, tag or
    commit. ValueError if a download fails, or if a local path does not exist; such a path is never
    taken for a repository's name.
    """
    text = str(name)
    if isinstance(name, Path) or not text.startswith(SCHEME):
        if not Path(name).exists():
            raise ValueError(
                f"{name}: no such folder or file (for a repository of the Hugging Face Hub, give "
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
    except Exception as error:  # from the Hub, its client, the network or the disk
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise ValueError(f"{name}: cannot be downloaded: {reason}") from error


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
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise ValueError(f"{repository}: cannot be uploaded: {reason}") from error
