"""A discriminator that scores feature maps of a frozen ImageNet network."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Self

import torch
from torch import Tensor, nn
from torch.nn.functional import conv2d

from gan.config.choices import Norm
from gan.features.extractor import Features, stages_of
from gan.networks.discriminators import PatchDiscriminator
from gan.networks.layers import NearestUpsample


class ProjectedDiscriminator(nn.Module):
    """Scores patches of an image and of its feature maps in a frozen network.

    Sauer et al. 2021, "Projected GANs Converge Faster", Sec. 3. Feature maps of several strides go
    through fixed random convolutions, so that no head can rely on only a few channels: 1x1 over
    channels (Sec. 3.2.1), then 3x3 from coarse to fine (Sec. 3.2.2). Each scale has its own head.
    Here a head is two convolutions that score patches. There is also a PatchGAN on the pixels: it
    sees grain, to which the frozen network does not respond.

    `feature_maps` can be replaced by a function that returns the maps of `stages` of the same
    network, for instance one that has already computed them for these images. The frozen network
    moves to a device with the module but is not part of it: it is not trained, and no training
    state contains it.
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
        """Build the heads and load the frozen network; ValueError as in Features."""
        super().__init__()
        self.patch = PatchDiscriminator(
            in_channels=in_channels, channels=channels, layers=layers, norm=norm
        )
        self.stages = stages = stages_of(backbone)
        self.frozen = (_opened(backbone, stages, weights),)
        self.feature_maps: Callable[[Tensor], Mapping[str, Tensor]] = self.frozen[0].maps
        depths = {
            at: maps.shape[1] for at, maps in self.frozen[0](torch.zeros(1, 3, 32, 32)).items()
        }
        width = 2 * channels
        draws = torch.Generator().manual_seed(0)  # the same in every run, so not in any state
        self.heads = nn.ModuleDict()
        for number, stage in enumerate(stages):
            over_channels = torch.randn(width, depths[stage], 1, 1, generator=draws)
            over_scales = torch.randn(width, width, 3, 3, generator=draws)
            for name, mixing in (("channels", over_channels), ("scales", over_scales)):
                scaled = mixing / mixing[0].numel() ** 0.5
                self.register_buffer(f"{name}_{number}", scaled, persistent=False)
            self.heads[stage.replace(".", "_")] = nn.Sequential(
                nn.Conv2d(width, width, 3, padding=1),
                nn.LeakyReLU(0.2, inplace=True),
                nn.Conv2d(width, 1, 3, padding=1),
            )
        self.upsample = NearestUpsample(scale_factor=2)

    @property
    def fingerprints(self) -> dict[str, str]:
        """Hashes of the pretrained weights, by the configuration key that names their file.

        They must not change when a run is resumed.
        """
        return {"networks.discriminator_weights": self.frozen[0].fingerprint()}

    def forward(self, x: Tensor) -> list[Tensor]:
        """Map images (N, in_channels, H, W) to a list of scores, each (N, 1, h, w).

        The first are of the pixels, the others of the stages, from coarse to fine.
        """
        found = self.feature_maps(x)
        maps = [found[stage] for stage in self.stages]
        scores, coarser = [self.patch(x)], None
        for number, head in reversed(list(enumerate(self.heads.values()))):
            mixed = conv2d(maps[number], getattr(self, f"channels_{number}"))
            if coarser is not None:
                height, width = mixed.shape[2:]
                mixed = mixed + self.upsample(coarser)[..., :height, :width]
            coarser = conv2d(mixed, getattr(self, f"scales_{number}"), padding=1)
            scores.append(head(coarser))
        return scores

    def _apply(self, fn: Any, recurse: bool = True) -> Self:
        """Move the frozen network too, to a device or to another precision."""
        self.frozen[0]._apply(fn)  # type: ignore[no-untyped-call]
        moved: Self = super()._apply(fn, recurse)  # type: ignore[no-untyped-call]
        return moved


def _opened(backbone: str, stages: Sequence[str], weights: Path | None) -> Features:
    """Load the frozen network; ValueError as in Features, but it names networks.discriminator_*."""
    try:
        return Features(backbone, stages, weights)
    except ValueError as error:
        text = str(error).replace("perceptual.", "networks.discriminator_")
        raise ValueError(text) from error
