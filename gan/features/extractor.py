"""A frozen ImageNet network as a function from pictures to feature maps.

Which of its layers carry content and which carry style, and what the VGG papers call them.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import permutations
from pathlib import Path

import torch
from torch import Tensor, fx, nn
from torchvision import models
from torchvision.models import VGG
from torchvision.models.feature_extraction import create_feature_extractor

from gan.config import PerceptualConfig
from gan.features.weights import fill, pretrained

MEAN = (0.485, 0.456, 0.406)
STD = (0.229, 0.224, 0.225)
"""Of ImageNet's red, green and blue in [0, 1]; every torchvision backbone is trained with them."""

AS_TRAINED = {
    name: {"transform_input": True, "init_weights": False} for name in ("googlenet", "inception_v3")
}
"""Arguments with which torchvision builds a backbone for its weights, where they matter."""


@dataclass(frozen=True)
class LayerTable:
    """The layers of one backbone whose maps are compared as content and as style."""

    content: tuple[str, ...]
    style: tuple[str, ...]
    stages: tuple[str, ...] = ()
    """The last maps at strides 4, 8 and 16, which the projected discriminator scores."""


TABLES = {
    # Gatys et al. 2016, Sec. 3: content in conv4_2, style in the first convolution of each block.
    "vgg19": LayerTable(("conv4_2",), ("conv1_1", "conv2_1", "conv3_1", "conv4_1", "conv5_1")),
    # Johnson et al. 2016, Sec. 4.1: the last map before each pooling.
    "vgg16": LayerTable(("relu2_2",), ("relu1_2", "relu2_2", "relu3_3", "relu4_3")),
    # Ours: the first convolution's map and the last blocks' at strides 2, 4, 8 and 16 that tell
    # textures apart best. Blocks end in a linear projection: their maps have both signs. Equal
    # weights give all five a say; the wide maps inside the blocks are far smaller numbers.
    "mobilenet_v2": LayerTable(
        ("features.6",),
        ("features.0", "features.1", "features.3", "features.6", "features.13"),
        stages=("features.3", "features.6", "features.13"),
    ),
}
"""The layers that are compared where the configuration names none."""


class Features(nn.Module):
    """The feature maps of a frozen torchvision classifier, up to the deepest requested layer.

    Images are (N, 3 or 1, H, W) in [-1, 1]; gray is repeated. Layers are torchvision's node names
    (features.21) or, for a VGG, the papers' (conv4_2 or relu4_2: both mean the rectified map). The
    result maps every layer's name to its (N, C, h, w), in float32 under autocast too. Nothing in
    here is ever trained or in training mode; gradients flow to the images.

    Rectifications in the copy that is kept write to new memory, so that no node returns what its
    successor has made of it.
    """

    mean: Tensor
    std: Tensor

    def __init__(self, backbone: str, layers: Sequence[str], weights: Path | None = None) -> None:
        """Build the backbone and load its weights, from torchvision where no file is given.

        ValueError names an unknown backbone or layer, or the file that is wrong or missing.
        """
        super().__init__()
        network = build(backbone)
        names = _paper_names(network)
        self.nodes = {layer: names.get(layer, layer) for layer in layers}
        self.network = _keep(network, backbone, self.nodes, list(names))
        fill(self.network, weights or pretrained(backbone), backbone, set(network.state_dict()))
        self.register_buffer("mean", torch.tensor(MEAN).view(1, 3, 1, 1), persistent=False)
        self.register_buffer("std", torch.tensor(STD).view(1, 3, 1, 1), persistent=False)
        self.requires_grad_(False).eval()

    def forward(self, images: Tensor) -> dict[str, Tensor]:
        """Return the map of every layer; see the class."""
        # Half precision becomes float32: sums over a feature map need it.
        return {
            at: x.to(torch.promote_types(x.dtype, torch.float32))
            for at, x in self.maps(images).items()
        }

    def maps(self, images: Tensor) -> dict[str, Tensor]:
        """Return the map of every layer, in the precision that autocast gives it."""
        maps = self.network(((images + 1) / 2 - self.mean) / self.std)  # gray broadcasts to three
        return {layer: maps[node] for layer, node in self.nodes.items()}

    def fingerprint(self) -> str:
        """Return a hash of the weights, whatever file they came from."""
        digest = hashlib.sha256()
        for name, tensor in self.state_dict().items():
            digest.update(name.encode())
            digest.update(tensor.cpu().numpy().tobytes())
        return digest.hexdigest()[:16]

    def train(self, mode: bool = True) -> "Features":
        """Stay in evaluation mode, whatever the module around this one does."""
        return super().train(False)


def build(backbone: str) -> nn.Module:
    """Return a torchvision classifier without memory for weights, where possible."""
    known = models.list_models(module=models)
    if backbone not in known:
        raise ValueError(f"perceptual.backbone: {backbone} is none of {', '.join(known)}")
    arguments = AS_TRAINED.get(backbone, {})
    network: nn.Module
    try:
        with torch.device("meta"):
            network = models.get_model(backbone, weights=None, **arguments)
    except NotImplementedError:  # a RegNet looks at numbers while it is built
        with torch.random.fork_rng(devices=[]):
            network = models.get_model(backbone, weights=None, **arguments)
    return network


def _keep(
    network: nn.Module, backbone: str, nodes: dict[str, str], names: Sequence[str]
) -> nn.Module:
    """Return the part of a network that its nodes need, not in place, in eval mode."""
    if not nodes:
        raise ValueError(f"no layer of {backbone} is named")
    wanted = list(dict.fromkeys(nodes.values()))
    for outer, inner in permutations(wanted, 2):
        if inner.startswith(f"{outer}."):  # create_feature_extractor may mistake one for the other
            raise ValueError(f"{backbone}: {inner} lies inside {outer}: name one of them")
    for module in network.modules():
        if hasattr(module, "inplace"):
            setattr(module, "inplace", False)  # noqa: B010, no module declares it for mypy
    try:
        part = create_feature_extractor(network, wanted, suppress_diff_warning=True).eval()
    except ValueError as error:
        reason = str(error).split(" Hint:")[0]
        known = ", ".join(names or [name for name, _ in network.named_children()])
        raise ValueError(f"{backbone}: {reason} It has {known} and what lies inside") from error
    assert isinstance(part, fx.GraphModule)
    for node in part.graph.nodes:
        if node.kwargs.get("inplace"):
            node.kwargs = node.kwargs | {"inplace": False}
    part.delete_all_unused_submodules()
    part.recompile()
    return part


def chosen_layers(config: PerceptualConfig) -> LayerTable:
    """Return the layers that the configuration names, else those of its backbone's table.

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


def stages_of(backbone: str) -> tuple[str, ...]:
    """Return what the projected discriminator scores; ValueError where no layers are known."""
    table = TABLES.get(backbone)
    if table is None or not table.stages:
        known = ", ".join(name for name, row in TABLES.items() if row.stages)
        raise ValueError(f"networks.discriminator_backbone: {backbone} is not one of {known}")
    return table.stages


def _paper_names(network: nn.Module) -> dict[str, str]:
    """Return names like relu4_2, conv4_2 and pool4, and their nodes; none but for a VGG.

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
