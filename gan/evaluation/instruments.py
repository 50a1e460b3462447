"""Open the networks that an evaluation uses, and note those that are missing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from gan.config.tables.metrics import METRICS, names_of
from gan.metrics import Extractor, Lpips, has_torchmetrics, open_extractor, open_lpips
from gan.metrics.inception import FILE, cached, missing_inception

LPIPS_SIDE = 64
"""Smallest side of images for LPIPS, in pixels: AlexNet cannot process smaller ones."""
PUBLISHED = "{}, torchmetrics' weights"
NO_FILES: Mapping[str, Path | None] = {}
"""No given files of LPIPS backbones: those in torch's cache are used."""


@dataclass(frozen=True)
class Instruments:
    """The available networks, on their device."""

    device: torch.device
    extractor: Extractor | None = None
    lpips: Mapping[str, Lpips] = field(default_factory=dict)
    """LPIPS with the published weights, by backbone."""
    similarity: bool = False
    """Whether torchmetrics is installed, which SSIM requires."""
    notes: tuple[str, ...] = ()

    def lpips_at(self, side: int) -> Mapping[str, Lpips]:
        """Return the LPIPS networks, by backbone, that can measure images of `side` pixels."""
        return self.lpips if side >= LPIPS_SIDE else {}

    def describe(self, side: int) -> dict[str, Any]:
        """Return the protocol's entries about the networks, for images of `side` pixels."""
        extractor = self.extractor
        style = "unit feature vectors of the style layers, all weights 1" if extractor else None
        return {
            "extractor": None
            if extractor is None
            else {
                "name": extractor.name,
                "sha256": extractor.sha256,
                "fid_kid": extractor.pooled,
                "structure": extractor.content,
                "gram": list(extractor.style),
                "input": "299x299, bilinear, antialiased"
                if extractor.name == "inception"
                else "as is",
            },
            "lpips": PUBLISHED.format("alexnet") if "alexnet" in self.lpips_at(side) else style,
            "lpips_vgg": PUBLISHED.format("vgg16") if "vgg16" in self.lpips_at(side) else None,
        }


def _unanswered() -> str:
    """Return, as text, the questions that only an extractor can answer, and their metrics."""
    names = names_of("extractor")
    questions = dict.fromkeys(METRICS[name].question for name in names if METRICS[name].question)
    plain = "; ".join(question[0].lower() + question[1:] for question in questions)
    domains = plain.replace("{target}", "the target").replace("{source}", "the source")
    return f"{domains} ({', '.join(names)})"


def partial_judge(features: str | None, trained_by: Sequence[str], section: str = "") -> list[str]:
    """Return a list with a note if `features` is a network used in training, else an empty list.

    `trained_by` lists the frozen networks of the training. `section` is the prefix of the option
    that the note names.
    """
    if features not in trained_by:
        return []
    return [
        f"{features} was used to train these generators, so its distances look too good: measure "
        f"with another network, such as vgg16 or inception, by --{section}features"
    ]


def open_instruments(
    features: str | None,
    weights: Path | None,
    device: torch.device,
    section: str = "",
    lpips: Mapping[str, Path | None] = NO_FILES,
) -> Instruments:
    """Load the extractor (by default Inception, if installed), and LPIPS if its files exist.

    lpips maps the names of LPIPS' backbones to files, or to None for those in torch's cache.
    section is the prefix of the keys `features` and `weights`: "evaluate." in a configuration.
    ValueError if a given network or file cannot be loaded, or if weights are given but no network.
    """
    chosen, file = f"--{section}features", f"--{section}weights"
    notes: list[str] = []
    if features is None and weights is not None:
        raise ValueError(
            f"{section}weights: the network is not named: set {chosen}, e.g. mobilenet_v2"
        )
    if features is None:
        missing = missing_inception(cached(FILE))
        features = None if missing else "inception"
        if missing:
            notes.append(
                f"not answered without a feature extractor: {_unanswered()}. Add {chosen} "
                f"mobilenet_v2 (offline with {file} FILE); {missing}"
            )
    similarity = has_torchmetrics()
    if not similarity:
        notes.append(
            f"{', '.join(names_of('torchmetrics'))} skipped: pip install 'gan-translation[metrics]'"
        )
    extractor = open_extractor(features, weights, device, section) if features else None
    return Instruments(device, extractor, open_lpips(lpips, device), similarity, tuple(notes))
