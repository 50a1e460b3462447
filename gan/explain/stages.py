"""Record the feature maps inside a generator; show their main components as colors."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from gan.networks.resnet import ResidualBlock

SHOWN = 8
"""Largest number of stages of a generator that are shown."""
CLIPPED = 1.0
"""Percent of a component's values clipped at each end, so that outliers do not darken the rest."""


@dataclass(frozen=True)
class Stage:
    """The output of a layer for one picture."""

    name: str
    """The stage's number and the kind of layer, such as "3 of 12: residual block"."""
    maps: Tensor
    """(C, h, w)."""


def record_stages(network: nn.Module, unit: Tensor) -> list[Stage]:
    """Return the outputs of a generator's stages for a picture (1, C, H, W) in [-1, 1].

    A stage is a residual block, or a convolution outside them; the last convolution, which makes
    the picture, is not one. At most SHOWN stages are returned, evenly spread from the first to the
    last.
    """
    layers = [layer for layer in _outside_blocks(network) if isinstance(layer, _KINDS)][:-1]
    found: list[Stage] = []
    handles = []
    for number, layer in enumerate(layers, 1):

        def keep(module: nn.Module, _: object, output: Tensor, number: int = number) -> None:
            kind = next(name for kind, name in NAMES.items() if isinstance(module, kind))
            found.append(
                Stage(f"{number} of {len(layers)}: {kind}", output[0].float().cpu().clone())
            )

        handles.append(layer.register_forward_hook(keep))
    try:
        with torch.inference_mode():
            network(unit)
    finally:
        for handle in handles:
            handle.remove()
    places = np.linspace(0, len(found) - 1, min(SHOWN, len(found))).round().astype(int)
    return [found[place] for place in dict.fromkeys(places.tolist())]


NAMES: dict[type[nn.Module], str] = {
    ResidualBlock: "residual block",
    nn.ConvTranspose2d: "transposed convolution",
    nn.Conv2d: "convolution",
}
_KINDS = tuple(NAMES)


def _outside_blocks(module: nn.Module) -> list[nn.Module]:
    """Return a module's descendants in their order, without those inside residual blocks."""
    if isinstance(module, ResidualBlock):
        return [module]
    children = [each for child in module.children() for each in _outside_blocks(child)]
    return children or [module]


def main_components(maps: Tensor) -> NDArray[np.uint8]:
    """Return the first three principal components of feature maps (C, h, w) as colors (h, w, 3).

    Each component is scaled to 0..255, with the sign that makes its largest weight positive. If C
    or the rank is below 3, missing components are middle gray.
    """
    channels, height, width = maps.shape
    values = maps.double().flatten(1)
    values = values - values.mean(1, keepdim=True)
    strengths, vectors = torch.linalg.eigh(values @ values.T)
    colors = np.full((3, height, width), 128, np.uint8)
    for place in range(min(3, channels)):
        vector, strength = vectors[:, -1 - place], float(strengths[-1 - place])
        if strength <= 1e-12 * float(strengths.sum()) or not strength > 0:
            break
        vector = vector * vector[vector.abs().argmax()].sign()
        component = (vector @ values).reshape(height, width).numpy()
        low, high = np.percentile(component, [CLIPPED, 100 - CLIPPED])
        if high > low:
            scaled = (component - low) / (high - low)
            colors[place] = np.rint(255 * scaled.clip(0, 1))
    return np.ascontiguousarray(colors.transpose(1, 2, 0))
