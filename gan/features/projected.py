"""A discriminator that sees through a frozen ImageNet network (Sauer et al. 2021)."""

from pathlib import Path
from typing import Any, Self

import torch
from torch import Tensor, nn
from torch.nn.functional import conv2d, interpolate

from gan.config.choices import Norm
from gan.features.extractor import Features, stages_of
from gan.networks.discriminators import PatchDiscriminator


class ProjectedDiscriminator(nn.Module):
    """Patch scores of an image itself and of its frozen feature maps at several strides.

    The maps are mixed by fixed random convolutions, over channels and then from coarse to fine over
    scales, so that no head can rely on a few channels (Sauer et al. 2021, "Projected GANs Converge
    Faster", Sec. 3.2). Each scale has a head of two convolutions. The first map of scores is a
    PatchGAN's on the pixels, which sees the grain that the frozen network overlooks.

    The frozen network follows this module to its device but is no part of it: it has no weights to
    train and is in no training state.
    """

    def __init__(
        self,
        *,
        in_channels: int,
        channels: int,
        layers: int,
        norm: Norm,
        backbone: str,
        weights: Path | None,
    ) -> None:
        super().__init__()
        self.patch = PatchDiscriminator(
            in_channels=in_channels, channels=channels, layers=layers, norm=norm
        )
        self.stages = stages_of(backbone)
        self.frozen = (Features(backbone, self.stages, weights),)
        with torch.no_grad():
            maps = self.frozen[0](torch.zeros(1, 3, 64, 64))
        width = 2 * channels
        draws = torch.Generator().manual_seed(0)  # the same mixing in every run
        self.heads = nn.ModuleList()
        for number, stage in enumerate(self.stages):
            depth = maps[stage].shape[1]
            mix = torch.randn(width, depth, 1, 1, generator=draws) / depth**0.5
            cross = torch.randn(width, width, 3, 3, generator=draws) / (9 * width) ** 0.5
            self.register_buffer(f"mix_{number}", mix, persistent=False)
            self.register_buffer(f"cross_{number}", cross, persistent=False)
            self.heads.append(
                nn.Sequential(
                    nn.Conv2d(width, width, 3, padding=1),
                    nn.LeakyReLU(0.2, inplace=True),
                    nn.Conv2d(width, 1, 3, padding=1),
                )
            )

    def forward(self, x: Tensor) -> list[Tensor]:
        """Score images (N, in_channels, H, W): a map (N, 1, h, w) of pixels, one of each stage."""
        scores = [self.patch(x)]
        maps = self.frozen[0](x)
        below: Tensor | None = None
        for number, stage in reversed(list(enumerate(self.stages))):
            mixed = conv2d(maps[stage], getattr(self, f"mix_{number}"))
            if below is not None:
                mixed = mixed + interpolate(below, mixed.shape[2:], mode="bilinear")
            below = conv2d(mixed, getattr(self, f"cross_{number}"), padding=1)
            scores.append(self.heads[number](below))
        return scores

    def _apply(self, fn: Any, recurse: bool = True) -> Self:
        """Move the frozen network along."""
        self.frozen[0]._apply(fn)
        return super()._apply(fn, recurse)
