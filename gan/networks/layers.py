"""Layers that the generators and discriminators share."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.functional import conv2d, fold, group_norm, pad

from gan.config.choices import Norm, Upsample


def norm_layer(norm: Norm, channels: int) -> nn.Module:
    """Return the normalization of `channels` feature maps.

    Instance norm has neither parameters nor running statistics: it is the same in train and eval
    mode. "instance_affine" also learns a scale and a shift of every map, as in other projects.
    "none" keeps an index in a Sequential, so that the keys of other layers do not change.
    """
    layers: dict[Norm, Callable[[int], nn.Module]] = {
        "instance": InstanceNorm,
        "instance_affine": partial(InstanceNorm, affine=True),
        "batch": nn.BatchNorm2d,
        "none": nn.Identity,
    }
    return layers[norm](channels)


def has_bias(norm: Norm) -> bool:
    """Return whether a convolution before this norm has a bias in the reference's networks.

    Before instance norms it has one, although they cancel it. With "none" it has none, although a
    bias would help. Published weights fit no other choice.
    """
    return norm in ("instance", "instance_affine")


def instance_norm(
    x: Tensor, scale: Tensor | None = None, shift: Tensor | None = None, eps: float = 1e-5
) -> Tensor:
    """Normalize every map of (N, C, H, W) to mean 0 and variance 1; Ulyanov et al. 2016.

    If scale and shift, (C,), are given, they are applied afterwards. Shape and memory format stay.
    torch's own instance norm is not used on CPUs: it is slow, and in channels_last its gradient is
    wrong for a single image (torch 2.15). Two other kernels give the same up to rounding (1e-6): a
    batch norm of each image in channels_last, or else a group norm with one channel per group.
    """
    if x.device.type != "cpu":
        return functional.instance_norm(x, weight=scale, bias=shift, eps=eps)
    if x.is_contiguous() or not x.is_contiguous(memory_format=torch.channels_last):
        return group_norm(x, x.shape[1], scale, shift, eps)
    if scale is None and x.dtype in (torch.bfloat16, torch.float16):
        # With parameters in float32 the kernel computes in float32; without any, it rounds more.
        scale, shift = torch.ones(x.shape[1]), torch.zeros(x.shape[1])
    images = [
        torch.batch_norm(image, scale, shift, None, None, True, 0.0, eps, False)
        for image in (x.chunk(len(x)) if len(x) > 1 else [x])
    ]
    return torch.cat(images) if len(x) > 1 else images[0]


def in_own_precision(layer: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    """Return layer(x) without autocast, in the precision of x."""
    device = x.device.type
    if torch.compiler.is_compiling():
        with torch.autocast(device, enabled=False):
            return layer(x)
    # The same in a tenth of the time: there are 80 paddings in a step.
    enabled = torch.is_autocast_enabled(device)
    torch.set_autocast_enabled(device, False)
    try:
        return layer(x)
    finally:
        torch.set_autocast_enabled(device, enabled)


class InstanceNorm(nn.InstanceNorm2d):
    """Normalizes every map of (N, C, H, W) as instance_norm does; the same as torch's."""

    def forward(self, x: Tensor) -> Tensor:
        """Normalize each map of x, (N, C, H, W); the shape stays."""
        if self.track_running_stats:
            return super().forward(x)
        return instance_norm(x, self.weight, self.bias, self.eps)


class ReflectionPad(nn.Module):
    """Mirrors `amount` pixels outward on all four sides of (N, C, H, W); H, W must exceed amount.

    torch's own kernel is the fastest, but its CUDA backward pass is not deterministic, and
    `torch.use_deterministic_algorithms` rejects it. With that setting, slices compute the same
    values.
    """

    def __init__(self, amount: int) -> None:
        super().__init__()
        self.amount = amount

    def forward(self, x: Tensor) -> Tensor:
        """Return (N, C, H + 2 amount, W + 2 amount)."""
        amount = self.amount
        if torch.are_deterministic_algorithms_enabled():
            return reflect(reflect(x, -2, amount, amount), -1, amount, amount)
        # On CPUs autocast would pad in float32.
        return in_own_precision(partial(pad, pad=(amount,) * 4, mode="reflect"), x)

    def extra_repr(self) -> str:
        """Return the amount, as nn.ReflectionPad2d prints it."""
        return str(self.amount)


class ConvBeforeNorm(nn.Conv2d):
    """A convolution before an instance norm; its bias is neither added nor trained.

    The norm would cancel the bias. It is kept because the reference's files have one.
    """

    def __init__(
        self, in_channels: int, out_channels: int, kernel_size: int, *, bias: bool,
        stride: int = 1, padding: int = 0,
    ) -> None:  # fmt: skip
        super().__init__(in_channels, out_channels, kernel_size, stride, padding, bias=bias)
        if self.bias is not None:
            self.bias.requires_grad_(False)

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, in_channels, H, W) to (N, out_channels, h, w), without the bias."""
        return conv2d(x, self.weight, None, self.stride, self.padding)


class ConvToImage(nn.Conv2d):
    """A convolution of kernel size k to few maps, without padding or stride.

    CPUs compute 16 maps at a time, so three maps leave most of their arithmetic idle. There one
    convolution with kernels of one row computes the contributions of all k rows, as k times as many
    maps, and `fold` adds them: half the time. In bfloat16 the contributions are rounded before they
    are added.
    """

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, in_channels, H, W) to (N, out_channels, H - k + 1, W - k + 1)."""
        if x.device.type != "cpu" or torch.compiler.is_compiling():
            return super().forward(x)
        k = self.weight.shape[-1]
        kernels = self.weight.flip(2).transpose(1, 2).reshape(-1, self.in_channels, 1, k)
        rows = conv2d(x, kernels)
        size = x.shape[2] - k + 1, rows.shape[3]
        output = fold(rows.flatten(2), size, (k, 1), padding=(k - 1, 0))
        return output if self.bias is None else output + self.bias[:, None, None].to(output.dtype)


class NearestUpsample(nn.Upsample):
    """Upsamples feature maps in their own precision."""

    def forward(self, x: Tensor) -> Tensor:
        """Return (N, C, scale_factor H, scale_factor W)."""
        return in_own_precision(super().forward, x)  # on GPUs autocast would use float32


def upsampling(
    in_channels: int, out_channels: int, *, kernel_size: int, bias: bool, upsample: Upsample
) -> nn.Module:
    """Return a learned upsampling that doubles height and width.

    "deconv" is the transposed convolution of the papers, with a kernel of 3 (ResNet) or 4 (U-Net).
    "resize" repeats pixels and convolves 3x3, after Odena et al. 2016, "Deconvolution and
    checkerboard artifacts": every output pixel sees as many inputs as its neighbors. "blur" is in
    antialias.py, for ResNet generators only.
    """
    assert upsample != "blur", "build_generator rejects it"
    if upsample == "resize":
        conv = nn.Conv2d(in_channels, out_channels, 3, bias=bias)
        double = NearestUpsample(scale_factor=2, mode="nearest")
        return nn.Sequential(double, ReflectionPad(1), conv)
    return nn.ConvTranspose2d(
        in_channels,
        out_channels,
        kernel_size,
        stride=2,
        padding=1,
        output_padding=kernel_size % 2,
        bias=bias,
    )


def reflect(x: Tensor, dim: int, before: int, after: int) -> Tensor:
    """Mirror a dimension of two or more pixels outward by any amounts.

    Equals `numpy.pad(mode="reflect")`. Amounts beyond the size, which `torch.nn.functional.pad`
    rejects, reflect repeatedly. Amounts of 0 cost nothing.
    """
    mirrored = x.shape[dim] - 1  # one reflection; its ends are mirrors again
    while before > 0 or after > 0:
        assert mirrored > 0, "one pixel has nothing to mirror"
        head, tail = min(before, mirrored), min(after, mirrored)
        left = x.narrow(dim, 1, head).flip(dim)
        right = x.narrow(dim, x.shape[dim] - 1 - tail, tail).flip(dim)
        x = torch.cat([left, x, right], dim)
        before, after = before - head, after - tail
    return x


def run_padded(network: Callable[[Tensor], Tensor], x: Tensor, multiple: int) -> Tensor:
    """Run a network that requires sizes divisible by `multiple` on (N, C, H, W) with any H, W > 1.

    The image is mirrored at its lower and right edge, and the output is cropped to H, W. Sizes
    that fit are not changed.
    """
    height, width = x.shape[-2:]
    x = reflect(x, -2, 0, -height % multiple)
    x = reflect(x, -1, 0, -width % multiple)
    return network(x)[..., :height, :width]


def cast_weights(network: nn.Module, dtype: torch.dtype | None) -> None:
    """Cast convolutions and linear layers to the precision in which autocast computes them.

    autocast caches cast weights only if they are trained; it would cast frozen ones at every call.
    The results are the same. With `dtype` None nothing changes.
    """
    for module in network.modules():
        if dtype is not None and isinstance(module, nn.Conv2d | nn.ConvTranspose2d | nn.Linear):
            module.to(dtype)


def use_torch_layers(network: nn.Module) -> None:
    """Replace our layers with torch's own, which give the same results in every program."""
    for module in list(network.modules()):
        for name, child in module.named_children():
            if isinstance(child, ReflectionPad):
                setattr(module, name, nn.ReflectionPad2d(child.amount))
            elif isinstance(child, InstanceNorm):
                norm = nn.InstanceNorm2d(child.num_features, eps=child.eps, affine=child.affine)
                norm.load_state_dict(child.state_dict())
                setattr(module, name, norm.train(child.training))
            elif isinstance(child, ConvToImage | ConvBeforeNorm):
                names = ("in_channels", "out_channels", "kernel_size", "stride", "padding")
                settings: Any = {name: getattr(child, name) for name in names}
                conv = nn.Conv2d(**settings | {"bias": child.bias is not None}).to(child.weight)
                conv.load_state_dict(child.state_dict())
                setattr(module, name, conv)


@contextmanager
def in_eval_mode(network: nn.Module) -> Iterator[None]:
    """Set eval mode in this context, then restore the mode; compiled networks run uncompiled."""
    training = network.training
    network.eval()
    with torch.compiler.set_stance("force_eager"):
        yield
    network.train(training)
