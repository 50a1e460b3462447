"""What an evaluation looks with, and what it cannot see without."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from gan.metrics import (
    Extractor,
    Lpips,
    has_torchmetrics,
    l1,
    ms_ssim,
    open_extractor,
    open_lpips,
    psnr,
    ssim,
)
from gan.metrics.inception import inception_file, missing_inception
from gan.metrics.pictures import MS_SSIM_SIDE

LPIPS_SIDE = 64
"""Pixels that AlexNet needs."""


@dataclass(frozen=True)
class Instruments:
    """The networks that are there, on their device."""

    device: torch.device
    extractor: Extractor | None = None
    lpips: Lpips | None = None
    similarity: bool = False
    """Whether torchmetrics is installed, which SSIM needs."""
    notes: tuple[str, ...] = ()

    def pixel_scores(self, x: Tensor, y: Tensor) -> dict[str, Tensor]:
        """Distances of pictures from others, (N,) each, but for what the extractor sees."""
        scores = {"l1": l1(x, y), "psnr": psnr(x, y)}
        side = min(x.shape[-2:])
        if self.similarity:
            scores["ssim"] = ssim(x, y)
        if self.similarity and side >= MS_SSIM_SIDE:
            scores["ms_ssim"] = ms_ssim(x, y)
        if self.lpips and self.heads(side):
            scores["lpips"] = self.lpips(x, y)
        return scores

    def heads(self, side: int) -> bool:
        """Whether LPIPS can be measured with its published weights, at a picture size."""
        return self.lpips is not None and side >= LPIPS_SIDE

    def describe(self, side: int) -> dict[str, Any]:
        """For the protocol, at a picture size."""
        seen = self.extractor
        style = "unit feature vectors of the style layers, all weights 1" if seen else None
        return {
            "extractor": None
            if seen is None
            else {
                "name": seen.name,
                "sha256": seen.sha256,
                "fid_kid": seen.pooled,
                "structure": seen.content,
                "gram": list(seen.style),
                "input": "299x299, bilinear, antialiased" if seen.name == "inception" else "as is",
            },
            "lpips": "alexnet, torchmetrics' weights" if self.heads(side) else style,
        }


def open_instruments(
    features: str | None, weights: Path | None, device: torch.device, section: str = ""
) -> Instruments:
    """Open the extractor, by default Inception where it is installed; LPIPS where its file is.

    section is where the keys `features` and `weights` stand: "evaluate." in a configuration.
    ValueError where an extractor that is asked for by name cannot be opened.
    """
    chosen, file = f"--{section}features", f"--{section}weights"
    notes: list[str] = []
    name = features
    if name is None and weights is not None:
        raise ValueError(
            f"{section}weights: of which network? Say it with {chosen}, e.g. mobilenet_v2"
        )
    if name is None:
        missing = missing_inception(inception_file())
        name = None if missing else "inception"
        if missing:
            notes.append(
                f"fid, kid, gram and structure left out: no extractor ({missing}; or choose "
                f"another network, e.g. {chosen} mobilenet_v2 {file} FILE)"
            )
    similarity = has_torchmetrics()
    if not similarity:
        notes.append("ssim, ms_ssim left out: pip install 'gan-translation[metrics]'")
    extractor = open_extractor(name, weights, device, section) if name else None
    return Instruments(device, extractor, open_lpips(device), similarity, tuple(notes))
