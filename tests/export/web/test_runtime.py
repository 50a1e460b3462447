"""The runtime's files are those of one version, or an error names the file and both remedies."""

import hashlib
import io
import tarfile
from dataclasses import replace
from pathlib import Path

import pytest

from gan.export.web import runtime
from gan.export.web.runtime import RUNTIME, read_runtime

CONTENT = {"a.mjs": b"a script", "a.wasm": b"a binary"}


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """A package of two short files."""
    files = {name: hashlib.sha256(content).hexdigest() for name, content in CONTENT.items()}
    monkeypatch.setattr(runtime, "RUNTIME", replace(RUNTIME, files=files))


def write_package(folder: Path, **changed: bytes) -> Path:
    (folder / "dist").mkdir(parents=True)
    for name, content in (CONTENT | changed).items():
        (folder / "dist" / name).write_bytes(content)
    return folder


def write_archive(path: Path) -> Path:
    """Write what `npm pack` writes, with files that are not used, too."""
    content = {"b.js": b"other", **CONTENT}
    with tarfile.open(path, "w:gz") as archive:
        for name, data in content.items():
            entry = tarfile.TarInfo(f"package/dist/{name}")
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    return path


def fake_npm(folder: Path, script: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Put a program npm first in the PATH."""
    folder.mkdir()
    (folder / "npm").write_text(f"#!/bin/sh\n{script}\n")
    (folder / "npm").chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")


def test_a_package_its_dist_and_its_archive_are_read(tmp_path: Path) -> None:
    package = write_package(tmp_path / "package")
    archive = write_archive(tmp_path / "package.tgz")
    for place in (package, package / "dist", archive):
        assert read_runtime(place) == CONTENT


def test_a_file_of_another_version_is_named(tmp_path: Path) -> None:
    package = write_package(tmp_path / "package", **{"a.wasm": b"another"})
    with pytest.raises(ValueError, match=r"dist/a\.wasm: is not the file of onnxruntime-web@1\."):
        read_runtime(package)


def test_a_missing_file_folder_and_a_damaged_archive_are_named(tmp_path: Path) -> None:
    package = write_package(tmp_path / "package")
    (package / "dist" / "a.mjs").unlink()
    with pytest.raises(ValueError, match=r"dist: has no a\.mjs; --runtime takes the unpacked"):
        read_runtime(package)
    with pytest.raises(ValueError, match="nowhere: no such folder or file"):
        read_runtime(tmp_path / "nowhere")
    (tmp_path / "bad.tgz").write_bytes(write_archive(tmp_path / "good.tgz").read_bytes()[:60])
    with pytest.raises(ValueError, match=r"bad\.tgz: not a \.tgz of npm pack, or damaged"):
        read_runtime(tmp_path / "bad.tgz")


def test_npm_downloads_the_fixed_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    archive = write_archive(tmp_path / "ready.tgz")
    script = f'echo "$@" > {tmp_path}/words; while [ "$1" != --pack-destination ]; do shift; done'
    fake_npm(tmp_path / "bin", f'{script}; cp {archive} "$2/x.tgz"', monkeypatch)
    assert read_runtime(None) == CONTENT
    words = (tmp_path / "words").read_text().split()
    assert words[:2] == ["pack", f"onnxruntime-web@{RUNTIME.version}"]


def test_without_npm_or_a_network_the_message_has_both_ways(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake_npm(tmp_path / "bin", "echo npm error network >&2; exit 1", monkeypatch)
    with pytest.raises(ValueError, match=r"failed \(npm error network\).*with --runtime$"):
        read_runtime(None)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ValueError, match=r"install npm .* or name .* with --runtime$") as raised:
        read_runtime(None)
    assert "\n" not in str(raised.value)
