"""Inception as FID papers use it: the TensorFlow network of 2015, through torchmetrics."""

from functools import partial
from importlib.util import find_spec
from pathlib import Path

import torch
from torch import Tensor, nn

from gan.images.pixels import to_pixels
from gan.metrics.pictures import has_torchmetrics

FILE = "weights-inception-2015-12-05-6726825d.pth"
"""The name of torch-fidelity's file of weights."""
POOLED = "pooled"
"""The layer of the 2048 features before the classifier."""
CONTENT = "Mixed_6e"
"""The layer for comparing structure: 17 x 17 positions."""
STYLE = ("Conv2d_2b_3x3", "Conv2d_4a_3x3", "Mixed_5d", "Mixed_6e")


class Inception(nn.Module):
    """Feature maps of torchmetrics' Inception, and its 2048 pooled features as the map `pooled`.

    The network rounds images to 8 bits and scales them to 299 x 299 (bilinear, antialiased).
    """

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network.eval().requires_grad_(False)
        self.maps: dict[str, Tensor] = {}
        for layer in STYLE:
            network.get_submodule(layer).register_forward_hook(partial(self._keep, layer))

    def _keep(self, layer: str, _: nn.Module, inputs: object, output: Tensor) -> None:
        self.maps[layer] = output

    def forward(self, images: Tensor) -> dict[str, Tensor]:
        """Map (N, 3 or 1, H, W) in [-1, 1] to maps (N, C, h, w) of STYLE and POOLED, by layer."""
        pooled = self.network(to_pixels(images.expand(-1, 3, -1, -1)))
        maps = self.maps | {POOLED: pooled.reshape(len(images), -1, 1, 1)}
        self.maps.clear()
        return maps


def open_inception(file: Path) -> Inception:
    """Return the network with torch-fidelity's weights from a file.

    torch-fidelity has the network; torchmetrics scales its input with antialiasing. ValueError, in
    one line, if a package or the file is missing, or if the file is damaged.
    """
    if reason := missing_inception(file):
        raise ValueError(reason)
    from torchmetrics.image.fid import NoTrainInceptionV3

    try:
        with torch.random.fork_rng(devices=[]):
            return Inception(NoTrainInceptionV3("inception-v3-compat", ["2048"], str(file)))
    except Exception as error:  # torch raises many kinds of errors for other files
        raise ValueError(f"{file}: not the weights of FID's Inception, or damaged") from error


def missing_inception(file: Path) -> str | None:
    """Return why Inception cannot be used, in one line, or None if it can."""
    if not has_torchmetrics() or find_spec("torch_fidelity") is None:
        return (
            "features inception requires two packages and a file: pip install torchmetrics "
            f"torch-fidelity, and save torch-fidelity's {FILE} as {file}"
        )
    if not file.exists():
        return (
            f"features inception: {file} is missing: copy {FILE} there, from release v0.2.0 of "
            "toshas/torch-fidelity"
        )
    return None


def cached(name: str) -> Path:
    """Return the path of a file of weights in torch's cache, whether it exists or not."""
    return Path(torch.hub.get_dir()) / "checkpoints" / name
