"""Feature maps of a frozen ImageNet network.

Tables name the layers that are compared as content and as style. Layers of a VGG can also be named
as in papers.
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
from gan.networks.vgg import CHANNELS, MEAN, STD, Encoder

AS_TRAINED = {
    name: {"transform_input": True, "init_weights": False} for name in ("googlenet", "inception_v3")
}
"""By backbone: arguments with which torchvision builds it for its pretrained weights."""


ENCODER = "vgg16"
"""The backbone whose first convolutions gan.networks.vgg has."""


@dataclass(frozen=True)
class LayerTable:
    """The layers of a backbone whose feature maps are compared as content and as style."""

    content: tuple[str, ...]
    style: tuple[str, ...]
    stages: tuple[str, ...] = ()
    """The last layers at strides 4, 8 and 16, whose maps the projected discriminator scores."""


TABLES = {
    # Gatys et al. 2016, Sec. 3: content in conv4_2, style in the first convolution of each block.
    "vgg19": LayerTable(("conv4_2",), ("conv1_1", "conv2_1", "conv3_1", "conv4_1", "conv5_1")),
    # Johnson et al. 2016, Sec. 4.1: the last map before each pooling.
    "vgg16": LayerTable(("relu2_2",), ("relu1_2", "relu2_2", "relu3_3", "relu4_3")),
    # Ours: the first convolution's map and the last blocks' at strides 2, 4, 8 and 16 that tell
    # textures apart best. Blocks end in a linear projection: their maps have both signs. Equal
    # weights let all five count; the wide maps inside the blocks have far smaller values.
    "mobilenet_v2": LayerTable(
        ("features.6",),
        ("features.0", "features.1", "features.3", "features.6", "features.13"),
        stages=("features.3", "features.6", "features.13"),
    ),
}
"""By backbone: the layers that are compared if the configuration names none."""


class Features(nn.Module):
    """The feature maps of a frozen torchvision classifier, up to the deepest requested layer.

    Images are (N, 3 or 1, H, W) in [-1, 1]; gray is repeated. Layers are torchvision's node names
    (features.21) or, for a VGG, the papers' (conv4_2 or relu4_2: both mean the rectified map). The
    result maps every layer's name to its feature map (N, C, h, w), in float32 under autocast too.
    The network is frozen and stays in eval mode; gradients flow to the images.

    ReLUs are made out of place, so that no later layer overwrites a returned map.
    """

    mean: Tensor
    std: Tensor

    def __init__(self, backbone: str, layers: Sequence[str], weights: Path | None = None) -> None:
        """Build the backbone and load its weights: from the file, or torchvision's if it is None.

        ValueError if the backbone or a layer is unknown, or the file is missing or does not fit.
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
        # Half precision becomes float32: sums over a feature map require it.
        return {
            at: x.to(torch.promote_types(x.dtype, torch.float32))
            for at, x in self.maps(images).items()
        }

    def maps(self, images: Tensor) -> dict[str, Tensor]:
        """Return the map of every layer, in the precision that autocast gives it."""
        maps = self.network(((images + 1) / 2 - self.mean) / self.std)  # gray broadcasts to three
        return {layer: maps[node] for layer, node in self.nodes.items()}

    def fingerprint(self) -> str:
        """Return a hash of the weights; it does not depend on the file that they came from."""
        return _fingerprint(self)

    def train(self, mode: bool = True) -> "Features":
        """Stay in eval mode, whatever the mode of the surrounding module."""
        return super().train(False)


def load_encoder(encoder: Encoder, weights: Path | None) -> str:
    """Load VGG-16's weights into its first convolutions; return a hash of them, as `Features` does.

    They come from the file, or are torchvision's if it is None. ValueError if the file is missing
    or does not fit.
    """
    width = len(encoder.features["0"].bias)  # type: ignore[arg-type]
    wrong = f"networks.generator_channels: VGG-16 has {CHANNELS}, not {width}"
    if weights is None and width != CHANNELS:
        raise ValueError(wrong)
    known = set(build(ENCODER).state_dict())
    try:
        fill(encoder, weights or pretrained(ENCODER), ENCODER, known)
    except ValueError as error:
        if width == CHANNELS:
            raise
        raise ValueError(f"{wrong}; {error}") from error
    return _fingerprint(encoder)


def _fingerprint(network: nn.Module) -> str:
    """Return a hash of a network's tensors and their names."""
    digest = hashlib.sha256()
    for name, tensor in network.state_dict().items():
        digest.update(name.encode())
        digest.update(tensor.cpu().numpy().tobytes())
    return digest.hexdigest()[:16]


def build(backbone: str) -> nn.Module:
    """Build a torchvision classifier on the meta device if possible, without memory for weights.

    ValueError if torchvision has no such classifier.
    """
    known = models.list_models(module=models)
    if backbone not in known:
        raise ValueError(f"perceptual.backbone: {backbone} is not one of {', '.join(known)}")
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
    """Return the part of a network that computes `nodes`, {layer: torchvision's node name}.

    It is in eval mode and changes nothing in place. ValueError if a node is unknown or inside
    another, or if there are none; `names` are the names that the message suggests.
    """
    if not nodes:
        raise ValueError(f"no layers of {backbone} are named")
    wanted = list(dict.fromkeys(nodes.values()))
    for outer, inner in permutations(wanted, 2):
        if inner.startswith(f"{outer}."):  # create_feature_extractor may confuse them
            raise ValueError(f"{backbone}: {inner} is inside {outer}: name only one of them")
    for module in network.modules():
        if hasattr(module, "inplace"):
            setattr(module, "inplace", False)  # noqa: B010, no module declares it for mypy
    try:
        part = create_feature_extractor(network, wanted, suppress_diff_warning=True).eval()
    except ValueError as error:
        reason = str(error).split(" Hint:")[0]
        known = ", ".join(names or [name for name, _ in network.named_children()])
        raise ValueError(f"{backbone}: {reason} It has {known} and layers inside these") from error
    assert isinstance(part, fx.GraphModule)
    for node in part.graph.nodes:
        if node.kwargs.get("inplace"):
            node.kwargs = node.kwargs | {"inplace": False}
    part.delete_all_unused_submodules()
    part.recompile()
    return part


def chosen_layers(config: PerceptualConfig) -> LayerTable:
    """Return the layers that the configuration names, else those of its backbone's table.

    ValueError, with the key to set, if none are named for a backbone that is not in TABLES.
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
    """Return the layers that the projected discriminator scores; ValueError if there are none."""
    table = TABLES.get(backbone)
    if table is None or not table.stages:
        known = ", ".join(name for name, row in TABLES.items() if row.stages)
        raise ValueError(f"networks.discriminator_backbone: {backbone} is not one of {known}")
    return table.stages


def _paper_names(network: nn.Module) -> dict[str, str]:
    """Return torchvision's node names by the papers' (relu4_2, conv4_2, pool4); {} if not a VGG.

    Blocks and layers are counted from 1. conv4_2 is relu4_2: in the networks of Gatys et al. the
    ReLU overwrote the convolution's output, so their conv4_2 is the rectified map too. The
    convolution's own output has its node's name, for instance features.21.
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
