"""Find the files of one fixed version of ONNX Runtime Web, which runs networks in browsers."""

import hashlib
import shutil
import subprocess
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

SECONDS = 600
"""Longest download, in seconds."""


@dataclass(frozen=True)
class Runtime:
    """One version of an npm package, and those of its files that are used."""

    package: str
    version: str
    files: Mapping[str, str]
    """SHA-256 of each file in its folder dist."""
    providers: Mapping[str, tuple[str, str, str]]
    """By execution provider: the module that a page imports, its loader and its binary."""

    @property
    def name(self) -> str:
        """Return the package's name and version, as npm expects them."""
        return f"{self.package}@{self.version}"


RUNTIME = Runtime(
    package="onnxruntime-web",
    version="1.30.0",
    files={
        "ort.wasm.min.mjs": "219e6a1fc8a9938268d18efca3c91d310bd2f4a59bbd13744df5b2b7fc6cee3b",
        "ort-wasm-simd-threaded.mjs": (
            "e13f7f94fc51b4ca72b12faeb1ee95f4ace6dfbc8939bc718aabdc0a27c4299b"
        ),
        "ort-wasm-simd-threaded.wasm": (
            "3398c10d07d229bd91b364548e130e0e51a8e5704b88c7c083ebbeb78842dee2"
        ),
        "ort.webgpu.min.mjs": "3dffff71811bc13a3a3d9591c57ca5ee5735b8f5f3eaf789510b02bb040ae3a0",
        "ort-wasm-simd-threaded.asyncify.mjs": (
            "3d1c85995364bb643302fc6fd877a0c3ba5ae72401815e0f24828a53d9191e28"
        ),
        "ort-wasm-simd-threaded.asyncify.wasm": (
            "39f9f0894d478800487ed9f7dbe92618498db320cf55c8e3d89adff8dce658da"
        ),
    },
    providers={
        "wasm": (
            "ort.wasm.min.mjs",
            "ort-wasm-simd-threaded.mjs",
            "ort-wasm-simd-threaded.wasm",
        ),
        "webgpu": (
            "ort.webgpu.min.mjs",
            "ort-wasm-simd-threaded.asyncify.mjs",
            "ort-wasm-simd-threaded.asyncify.wasm",
        ),
    },
)
"""MIT license, Microsoft."""


def read_runtime(place: Path | None) -> dict[str, bytes]:
    """Return the content of the files of RUNTIME by name.

    place: the unpacked package, its folder dist, or the .tgz of `npm pack`; None downloads it with
    npm. ValueError if a file is missing or of another version, or if npm is missing or fails.
    """
    if place is None:
        return _downloaded()
    if place.is_file():
        return _checked(_unpacked(place), place)
    if not place.is_dir():
        raise ValueError(f"{place}: no such folder or file; {_wanted()}")
    folder = place / "dist" if (place / "dist").is_dir() else place
    there = {name: folder / name for name in RUNTIME.files}
    return _checked({n: path.read_bytes() for n, path in there.items() if path.is_file()}, folder)


def _downloaded() -> dict[str, bytes]:
    """Return the files of the package that npm downloads or has in its cache."""
    npm = shutil.which("npm")
    if npm is None:
        raise ValueError(
            f"format web requires {RUNTIME.name}: install npm (Node.js), which downloads it, or "
            "name the unpacked package or its .tgz with --runtime"
        )
    with TemporaryDirectory() as folder:
        try:
            subprocess.run(
                [npm, "pack", RUNTIME.name, "--prefer-offline", "--pack-destination", folder],
                check=True, capture_output=True, text=True, cwd=folder, timeout=SECONDS,
            )  # fmt: skip
            (file,) = Path(folder).glob("*.tgz")
        except (subprocess.SubprocessError, OSError, ValueError) as error:
            lines = [line for line in str(getattr(error, "stderr", "") or "").splitlines() if line]
            reason = lines[0] if lines else type(error).__name__
            raise ValueError(
                f"npm pack {RUNTIME.name} failed ({reason}): try again with a network, or name the "
                "unpacked package or its .tgz with --runtime"
            ) from error
        return _checked(_unpacked(file), file)


def _unpacked(file: Path) -> dict[str, bytes]:
    """Return the files of RUNTIME that a .tgz of `npm pack` holds, by name.

    ValueError if the .tgz is damaged.
    """
    found: dict[str, bytes] = {}
    names = {f"package/dist/{name}": name for name in RUNTIME.files}
    try:
        with tarfile.open(file) as archive:
            for member in archive:
                content = archive.extractfile(member) if member.name in names else None
                if content is not None:
                    found[names[member.name]] = content.read()
    except (tarfile.TarError, OSError, EOFError) as error:
        raise ValueError(f"{file}: not a .tgz of npm pack, or damaged: {_wanted()}") from error
    return found


def _checked(found: dict[str, bytes], place: Path) -> dict[str, bytes]:
    """Return the files if none is missing and all have the right content; ValueError otherwise."""
    for name, digest in RUNTIME.files.items():
        if name not in found:
            raise ValueError(f"{place}: has no {name}; {_wanted()}")
        if hashlib.sha256(found[name]).hexdigest() != digest:
            raise ValueError(f"{place / name}: is not the file of {RUNTIME.name}; {_wanted()}")
    return found


def _wanted() -> str:
    """Return a sentence about the values that --runtime takes."""
    return f"--runtime takes the unpacked package {RUNTIME.name}, or its .tgz"
