"""Write a folder of static files that translates pictures in a browser."""

import hashlib
import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, BinaryIO

import torch

from gan.domains import DIRECTIONS, Direction
from gan.export.web.runtime import RUNTIME
from gan.inference.working_size import trained_at
from gan.interop import Opened
from gan.interop.domain_names import domain_names, read_data
from gan.networks.files import ranges_of
from gan.system.atomic import write_whole

PAGE = Path(__file__).with_name("page")
"""The page's files, the same for every model."""
LICENSE = "LICENSE.txt"
"""The license of the runtime, one of the page's files."""
INDEX = "index.html"
FACTS = "site.js"
"""The file with facts on a folder: its models, and the hash of every other file."""
OURS = {path.name for path in PAGE.iterdir()} - {LICENSE} | {FACTS, "models", "runtime"}
"""Names of the files and folders that a page consists of."""
PARTS = ("module", "loader", "binary")
"""Names, in worker.js, of the parts of a provider of RUNTIME."""
SIDE = 64
"""Height and width of the pattern with which a page checks a browser's arithmetic."""
STEP = 397
"""Interval of the numbers of the pattern's translation that are compared."""


@dataclass(frozen=True)
class Model:
    """A generator on the page."""

    direction: Direction
    label: str
    """The direction in words."""
    opened: Opened
    content: bytes
    """Its ONNX file."""

    @property
    def file(self) -> str:
        """Return the path of the ONNX file in the folder."""
        return f"models/{self.direction}.onnx"

    def facts(self) -> dict[str, Any]:
        """Return what the page needs to know about the model, for FACTS."""
        return {
            "direction": self.direction,
            "label": self.label,
            "file": self.file,
            "channels": self.opened.spec["in_channels"],
            "size": trained_at(self.opened.about),
            "check": {"side": SIDE, "step": STEP, "values": expected(self.opened)},
        }


def label_of(run: Path, direction: Direction) -> str:
    """Return a direction by the domain names in the run's configuration, or as A → B."""
    ends, names = DIRECTIONS[direction], domain_names(read_data(run))
    return f"{names[ends.source]} → {names[ends.target]}" if names else ends.arrow


def expected(opened: Opened) -> list[float]:
    """Return every STEP-th number of a pattern's translation; worker.js makes the same pattern."""
    shape = (1, opened.spec["in_channels"], SIDE, SIDE)
    numbers = torch.arange(shape[1] * SIDE * SIDE) * 37 % 256
    with torch.no_grad():
        output = opened.network((numbers.float() / 127.5 - 1).reshape(shape))
    return [round(value, 5) for value in output.flatten()[::STEP].tolist()]


def check_shown(path: Path, opened: Opened) -> None:
    """Raise ValueError if a generator translates numbers that browsers cannot read or show."""
    if any(ranges_of(opened.about, path)):
        raise ValueError(
            f"{path}: was trained with data.range_a or data.range_b, but browsers show 8 bits "
            "only: export it as onnx"
        )


def check_folder(folder: Path, *, overwrite: bool) -> None:
    """Raise ValueError if a folder holds other files, or, without `overwrite`, any."""
    if folder.is_file():
        raise ValueError(f"{folder}: is a file: name a new or empty folder")
    names = {path.name for path in folder.iterdir()} if folder.exists() else set()
    if names - OURS:
        raise ValueError(f"{folder}: holds other files: name a new or empty folder")
    if names and not overwrite:
        raise ValueError(f"{folder}: exists already; name another folder, or add --overwrite")


def write_site(folder: Path, models: Sequence[Model], runtime: Mapping[str, bytes]) -> int:
    """Write the page, its models and its runtime; return the bytes of all files.

    runtime: the result of `read_runtime`. Files of an earlier page in the folder are replaced.
    """
    license = {f"runtime/{LICENSE}": (PAGE / LICENSE).read_bytes()}
    pages = {path.name: path.read_bytes() for path in PAGE.iterdir() if path.name != LICENSE}
    files = pages | license | {_runtime_path(name): file for name, file in runtime.items()}
    files |= {model.file: model.content for model in models}
    facts: dict[str, Any] = {
        "models": [model.facts() for model in models],
        "runtimes": {
            provider: dict(zip(PARTS, map(_runtime_path, names), strict=True))
            for provider, names in RUNTIME.providers.items()
        },
        # A page is kept by the address of its folder, as some hosts forward index.html to it.
        "files": {
            "" if name == INDEX else name: {"hash": _hash(content), "bytes": len(content)}
            for name, content in sorted(files.items())
        },
    }
    facts["files"][FACTS] = {"hash": _hash(json.dumps(facts).encode()), "bytes": 0}
    files[FACTS] = f"self.SITE = {json.dumps(facts, indent=1, ensure_ascii=False)};\n".encode()
    folder.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=folder.parent, prefix=".site-") as made:
        for name, content in files.items():
            write_whole(Path(made) / name, partial(_write, content))
        for name in OURS:  # complete: a full disk leaves the old page as it was
            _move(Path(made) / name, folder / name)
    return sum(map(len, files.values()))


def _write(content: bytes, file: BinaryIO) -> None:
    file.write(content)


def _move(source: Path, target: Path) -> None:
    """Move a file or folder to `target`, and replace what is there."""
    shutil.rmtree(target) if target.is_dir() else target.unlink(missing_ok=True)
    source.rename(target)


def _runtime_path(name: str) -> str:
    """Return a runtime file's path in the folder: .js for .mjs, which not every host knows."""
    path = Path("runtime", name)
    return (path.with_suffix(".js") if path.suffix == ".mjs" else path).as_posix()


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:16]
