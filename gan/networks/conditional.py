"""A generator with several styles, by conditional instance normalization.

Dumoulin et al. 2017, "A Learned Representation for Artistic Style": all styles share the
convolutions of one ResNet generator, and each norm has a scale and a shift per style (their Eq. 5).
Scales and shifts can be mixed (their Sec. 3.2). With a fixed mixture the network is an ordinary
ResNet generator with `norm="instance_affine"`; `fixed_weights` returns its state.

Departures from the paper: the network is CycleGAN's ResNet, with transposed convolutions (or
`upsample`) and a tanh at the end; its last convolution has no norm.
"""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from gan.config.choices import Downsample, Upsample
from gan.networks.layers import InstanceNorm, instance_norm, run_padded
from gan.networks.resnet import ResidualBlock, ResnetGenerator


class ConditionalNorm(nn.Module):
    """An instance norm with a scale and a shift for each style, which can be mixed."""

    def __init__(self, styles: int, channels: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(styles, channels))
        self.bias = nn.Parameter(torch.zeros(styles, channels))

    def forward(self, x: Tensor, mixture: Tensor) -> Tensor:
        """Return x (N, C, H, W) normalized with the mixtures (N or 1, styles)."""
        mixture = mixture.to(self.weight.dtype)
        scale, shift = mixture @ self.weight, mixture @ self.bias
        return instance_norm(x) * scale[:, :, None, None] + shift[:, :, None, None]


class ConditionalResnet(nn.Module):
    """The ResNet generator with a scale and a shift for each style in every norm.

    The layers of `model` have the indices of ResnetGenerator; norms also take the mixture.
    """

    size_multiple = 4

    def __init__(
        self, *, in_channels: int, out_channels: int, channels: int, blocks: int,
        upsample: Upsample, dropout: bool, downsample: Downsample, styles: int,
    ) -> None:  # fmt: skip
        super().__init__()
        if styles < 1:
            raise ValueError(f"styles is {styles}: must be at least 1")
        self.styles = styles
        self.model = ResnetGenerator(
            in_channels=in_channels, out_channels=out_channels, channels=channels, blocks=blocks,
            norm="instance_affine", upsample=upsample, dropout=dropout, downsample=downsample,
        ).model  # fmt: skip
        for module in list(self.model.modules()):
            for name, child in module.named_children():
                if isinstance(child, InstanceNorm):
                    setattr(module, name, ConditionalNorm(styles, child.num_features))

    def forward(self, x: Tensor, mixture: Tensor) -> Tensor:
        """Translate (N, in_channels, H, W) to (N, out_channels, H, W), in [-1, 1].

        mixture (N or 1, styles) holds weights of the styles; each row sums to 1. H and W are any
        sizes from 16 up.
        """
        return run_padded(lambda padded: _run(self.model, padded, mixture), x, self.size_multiple)


def _run(layers: nn.Sequential, x: Tensor, mixture: Tensor) -> Tensor:
    """Run the layers in turn; norms, also those in residual blocks, get the mixture."""
    for layer in layers:
        if isinstance(layer, ConditionalNorm):
            x = layer(x, mixture)
        elif isinstance(layer, ResidualBlock):
            x = x + _branch(layer, x, mixture)
        else:
            x = layer(x)
    return x


def _branch(block: ResidualBlock, x: Tensor, mixture: Tensor) -> Tensor:
    """Return the branch of a residual block, recomputed in the backward pass if block.recompute."""
    if block.recompute and torch.is_grad_enabled():
        again: Tensor = checkpoint(_run, block.conv_block, x, mixture, use_reentrant=False)
        return again
    return _run(block.conv_block, x, mixture)


def norm_keys(network: nn.Module) -> set[str]:
    """Return the names of the norms' scales and shifts in a network's state."""
    return {
        f"{name}.{key}"
        for name, module in network.named_modules()
        if isinstance(module, ConditionalNorm)
        for key in ("weight", "bias")
    }


def fixed_weights(network: nn.Module, mixture: Sequence[float]) -> dict[str, Tensor]:
    """Return the weights of the ordinary ResNet generator that a fixed mixture gives.

    network is a ConditionalResnet. mixture has a weight for each of its styles. The result fits a
    ResnetGenerator with norm "instance_affine".
    """
    state, norms = network.state_dict(), norm_keys(network)
    weights = torch.tensor(mixture, dtype=torch.float64)
    return {
        name: (weights @ tensor.double()).float() if name in norms else tensor
        for name, tensor in state.items()
    }


def grown(network: nn.Module, state: Mapping[str, Tensor], styles: int) -> dict[str, Tensor]:
    """Return the state with `styles` scales and shifts, from a state with fewer.

    The existing ones stay bit for bit; the new ones are their mean. network has the norms' names.
    """
    norms, result = norm_keys(network), dict(state)
    for name in norms & state.keys():
        new = state[name].mean(0, keepdim=True).expand(styles - len(state[name]), -1)
        result[name] = torch.cat([state[name], new])
    return result
