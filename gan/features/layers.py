"""Which layers carry content and which carry style, and what the VGG papers call them."""

from dataclasses import dataclass

from torch import nn
from torchvision.models import VGG

from gan.config import PerceptualConfig


@dataclass(frozen=True)
class LayerTable:
    """The layers of one backbone whose maps are compared as content and as style."""

    content: tuple[str, ...]
    style: tuple[str, ...]


TABLES = {
    # Gatys et al. 2016, Sec. 3: content in conv4_2, style in the first convolution of each block.
    "vgg19": LayerTable(("conv4_2",), ("conv1_1", "conv2_1", "conv3_1", "conv4_1", "conv5_1")),
    # Johnson et al. 2016, Sec. 4.1: the last map before each pooling.
    "vgg16": LayerTable(("relu2_2",), ("relu1_2", "relu2_2", "relu3_3", "relu4_3")),
    # Ours: the first convolution's map and the last blocks' at strides 2, 4, 8 and 16 that tell
    # textures apart best. Blocks end in a linear projection: their maps have both signs. Equal
    # weights give all five a say; the wide maps inside the blocks are far smaller numbers.
    "mobilenet_v2": LayerTable(
        ("features.6",), ("features.0", "features.1", "features.3", "features.6", "features.13")
    ),
}
"""The layers that are compared where the configuration names none."""


def chosen_layers(config: PerceptualConfig) -> LayerTable:
    """The layers that the configuration names, else those of its backbone's table.

    ValueError names the key that has to be given for a backbone without a table.
    """
    table = TABLES.get(config.backbone, LayerTable((), ()))
    chosen = LayerTable(
        tuple(config.content_layers) or table.content, tuple(config.style_layers) or table.style
    )
    for key, layers in (("content_layers", chosen.content), ("style_layers", chosen.style)):
        if not layers:
            raise ValueError(
                f"perceptual.{key} must name layers of {config.backbone}: "
                f"there are defaults for {', '.join(TABLES)} only"
            )
    return chosen


def paper_names(network: nn.Module) -> dict[str, str]:
    """Names like relu4_2, conv4_2 and pool4, and the nodes that they mean; none but for a VGG.

    Block and number count from 1. conv4_2 is relu4_2: in the networks of Gatys et al. the
    rectification overwrote the convolution's output, so their conv4_2 is the rectified map too. The
    raw convolution is reached by its node's name, for instance features.21.
    """
    names: dict[str, str] = {}
    if not isinstance(network, VGG):
        return names
    block, number = 1, 0
    for index, module in enumerate(network.features):
        node = f"features.{index}"
        if isinstance(module, nn.Conv2d):
            number += 1
        elif isinstance(module, nn.ReLU):
            names[f"relu{block}_{number}"] = names[f"conv{block}_{number}"] = node
        elif isinstance(module, nn.MaxPool2d):
            names[f"pool{block}"] = node
            block, number = block + 1, 0
    return names
