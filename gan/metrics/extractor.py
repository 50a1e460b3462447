"""Feature extractors for metrics: any torchvision backbone, or Inception as in papers."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor
from torchvision import models

from gan.features import TABLES, Features
from gan.features.extractor import build
from gan.features.weights import pretrained
from gan.metrics.inception import CONTENT, FILE, POOLED, STYLE, cached, open_inception
from gan.system.hashing import file_sha256

DEEPEST = ("layer4", "Mixed_7c", "inception5b")
"""The last layers of ResNets, Inception v3 and GoogLeNet; other backbones have `features`."""


@dataclass(frozen=True)
class Extractor:
    """A frozen network, and the layers that metrics use."""

    name: str
    sha256: str
    """SHA-256 of the file of weights."""
    maps: Callable[[Tensor], Mapping[str, Tensor]]
    """Maps images (N, 3 or 1, H, W) in [-1, 1] to {layer: feature maps (N, C, h, w)}."""
    pooled: str
    """The layer whose means over positions are the features of FID and KID."""
    content: str
    """The layer for comparing structure."""
    style: tuple[str, ...]
    """The layers of Gram matrices and of the LPIPS-style distance."""

    def features(self, maps: Mapping[str, Tensor]) -> Tensor:
        """Return the features (N, d) of FID and KID, float64, on the CPU."""
        return maps[self.pooled].mean((2, 3)).cpu().double()


def open_extractor(
    name: str, weights: Path | None, device: torch.device, section: str = ""
) -> Extractor:
    """Open `inception` or a torchvision backbone, on the device.

    Without `weights`, torch's cache is used; a backbone's weights are downloaded if necessary.
    `section` is the prefix of the keys `features` and `weights` in error messages: "evaluate." in a
    configuration. ValueError, in one line, if the name is unknown, or if weights or a package are
    missing.
    """
    if name == "inception":
        file = weights or cached(FILE)
        inception = open_inception(file).to(device)
        return Extractor(name, file_sha256(file), inception, POOLED, CONTENT, STYLE)
    if name not in models.list_models(module=models):
        raise ValueError(
            f"{section}features: {name} is neither inception nor a torchvision network such as "
            "mobilenet_v2"
        )
    deepest = deepest_layer(name, section)
    table = TABLES.get(name)
    content, style = (table.content[-1], table.style) if table else (deepest, (deepest,))
    try:
        file = weights or pretrained(name)
        network = Features(name, list(dict.fromkeys((deepest, content, *style))), file).to(device)
        return Extractor(name, file_sha256(file), network, deepest, content, style)
    except ValueError as error:  # names the key of a training; here it is an option
        raise ValueError(str(error).replace("perceptual.weights", f"--{section}weights")) from error


def deepest_layer(backbone: str, section: str = "") -> str:
    """Return the name of a torchvision network's last layer that outputs feature maps.

    section: prefix of the option in the message. ValueError if there is none, as in a ViT.
    """
    stages = dict(build(backbone).named_children())
    if "features" in stages:
        return f"features.{list(stages['features']._modules)[-1]}"
    found = next((layer for layer in DEEPEST if layer in stages), None)
    if found is None:
        raise ValueError(
            f"{section}features: {backbone} has no last feature map: use, for instance, a ResNet"
        )
    return found
