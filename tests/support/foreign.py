"""Other projects' generators, written from their descriptions with torch's layers only.

They share no code with gan.networks: equal weights must give equal images in both.
"""

from collections.abc import Callable
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate, pad

Norm = Literal["instance", "instance_affine", "batch", "none"]
Wrap = Callable[[nn.Module, nn.Module, nn.Module | None], list[nn.Module]]


def norm(kind: Norm, channels: int) -> nn.Module:
    builders: dict[Norm, Callable[[], nn.Module]] = {
        "instance": lambda: nn.InstanceNorm2d(channels),
        "instance_affine": lambda: nn.InstanceNorm2d(channels, affine=True),
        "batch": lambda: nn.BatchNorm2d(channels),
        "none": lambda: nn.Identity(),
    }
    return builders[kind]()


class CutDown(nn.Module):
    """CUT's downsampling: mirrored, averaged with 1 2 1, every second pixel."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        kernel = torch.tensor([[1.0, 2, 1], [2, 4, 2], [1, 2, 1]]) / 16
        self.register_buffer("filt", kernel[None, None].repeat(channels, 1, 1, 1))

    def forward(self, x: Tensor) -> Tensor:
        x = pad(x, (1, 1, 1, 1), mode="reflect")
        rows = (x[:, :, :-2] + 2 * x[:, :, 1:-1] + x[:, :, 2:]) / 4
        return ((rows[..., :-2] + 2 * rows[..., 1:-1] + rows[..., 2:]) / 4)[:, :, ::2, ::2]


class CutUp(nn.Module):
    """CUT's upsampling, which is bilinear."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        row = torch.tensor([1.0, 3, 3, 1])
        kernel = 4 * torch.outer(row, row) / 64
        self.register_buffer("filt", kernel[None, None].repeat(channels, 1, 1, 1))

    def forward(self, x: Tensor) -> Tensor:
        return interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)


class Block(nn.Module):
    """A residual block whose layers have a chosen name."""

    def __init__(
        self, width: int, kind: Norm, bias: bool, dropout: bool, name: str
    ) -> None:  # fmt: skip
        super().__init__()
        layers = [nn.ReflectionPad2d(1), nn.Conv2d(width, width, 3, bias=bias), norm(kind, width)]
        layers += [nn.ReLU(), *([nn.Dropout(0.5)] if dropout else []), nn.ReflectionPad2d(1)]
        layers += [nn.Conv2d(width, width, 3, bias=bias), norm(kind, width)]
        self.name = name
        setattr(self, name, nn.Sequential(*layers))

    def forward(self, x: Tensor) -> Tensor:
        result: Tensor = x + getattr(self, self.name)(x)
        return result


def resnet_layers(
    channels: int = 4,
    blocks: int = 9,
    kind: Norm = "instance",
    dropout: bool = False,
    bias: bool = True,
    name: str = "conv_block",
    filters: bool = False,
    ends: tuple[int, int] = (3, 3),
    halvings: int = 2,
) -> list[nn.Module]:
    """Return the layers of the reference's ResNet generator in order; `filters` for CUT's."""
    c = channels
    widths = [c, 2 * c][:halvings]
    layers: list[nn.Module] = [nn.ReflectionPad2d(3), nn.Conv2d(ends[0], c, 7, bias=bias)]
    layers += [norm(kind, c), nn.ReLU()]
    for width in widths:
        stride = 1 if filters else 2
        layers += [nn.Conv2d(width, 2 * width, 3, stride=stride, padding=1, bias=bias)]
        layers += [norm(kind, 2 * width), nn.ReLU(), *([CutDown(2 * width)] if filters else [])]
    layers += [Block(2 * widths[-1], kind, bias, dropout, name) for _ in range(blocks)]
    for width in reversed(widths):
        if filters:
            layers += [CutUp(2 * width), nn.Conv2d(2 * width, width, 3, padding=1, bias=bias)]
        else:
            up = nn.ConvTranspose2d(2 * width, width, 3, 2, 1, output_padding=1, bias=bias)
            layers += [up]
        layers += [norm(kind, width), nn.ReLU()]
    return [*layers, nn.ReflectionPad2d(3), nn.Conv2d(c, ends[1], 7), nn.Tanh()]


class Resnet(nn.Module):
    """The reference's layout: all layers in `model`."""

    def __init__(self, layers: list[nn.Module]) -> None:
        super().__init__()
        self.model = nn.Sequential(*layers)

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.model(x)
        return y


class Joli(nn.Module):
    """joliGEN's layout: the layers after the residual blocks are a separate module."""

    def __init__(self, layers: list[nn.Module]) -> None:
        super().__init__()
        after = 1 + max(at for at, layer in enumerate(layers) if isinstance(layer, Block))
        self.encoder, self.decoder = Resnet(layers[:after]), Resnet(layers[after:])

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.decoder(self.encoder(x))
        return y


class ConvModule(nn.Module):
    """MMagic's unit: padding, convolution, norm, activation."""

    def __init__(
        self, conv: nn.Module, kind: Norm, width: int, mirror: int, last: nn.Module
    ) -> None:
        super().__init__()
        self.pad = nn.ReflectionPad2d(mirror)
        self.conv = conv
        self.normed = "" if kind == "none" else "bn" if kind == "batch" else "in"
        if self.normed:
            self.add_module(self.normed, norm(kind, width))
        self.activate = last

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv(self.pad(x))
        x = getattr(self, self.normed)(x) if self.normed else x
        y: Tensor = self.activate(x)
        return y


class MmagicBlock(nn.Module):
    """MMagic's residual block."""

    def __init__(self, width: int, kind: Norm, bias: bool, dropout: bool) -> None:
        super().__init__()
        first, second = (
            ConvModule(nn.Conv2d(width, width, 3, bias=bias), kind, width, 1, last)
            for last in (nn.ReLU(), nn.Identity())
        )
        self.block = nn.Sequential(first, *([nn.Dropout(0.5)] if dropout else []), second)

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = x + self.block(x)
        return y


def mmagic(channels: int, blocks: int, kind: Norm, dropout: bool) -> nn.Module:
    """Return MMagic's generator."""
    c, bias = channels, kind != "batch"
    units: list[nn.Module] = [ConvModule(nn.Conv2d(3, c, 7, bias=bias), kind, c, 3, nn.ReLU())]
    for width in (c, 2 * c):
        conv = nn.Conv2d(width, 2 * width, 3, stride=2, padding=1, bias=bias)
        units += [ConvModule(conv, kind, 2 * width, 0, nn.ReLU())]
    units += [MmagicBlock(4 * c, kind, bias, dropout) for _ in range(blocks)]
    for width in (2 * c, c):
        up = nn.ConvTranspose2d(2 * width, width, 3, 2, 1, output_padding=1, bias=bias)
        units += [ConvModule(up, kind, width, 0, nn.ReLU())]
    units += [ConvModule(nn.Conv2d(c, 3, 7), "none", 3, 3, nn.Tanh())]
    return Resnet(units)


def randomized(network: nn.Module, seed: int = 0) -> nn.Module:
    """Draw weights, biases and statistics so that each of them affects the output."""
    draws = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, tensor in network.state_dict().items():
            if name.endswith("running_var"):
                tensor.copy_(0.5 + torch.rand(tensor.shape, generator=draws))
            elif tensor.is_floating_point() and not name.endswith(("filt", "std")):
                fan = tensor[0].numel() if tensor.ndim == 4 else 25
                tensor.copy_(torch.randn(tensor.shape, generator=draws) * fan**-0.5)
                if tensor.ndim == 1 and name.endswith("weight"):
                    tensor += 1
    return network.eval()
