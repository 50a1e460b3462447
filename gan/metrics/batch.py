"""The images and feature maps from which metrics are computed."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

import torch
from torch import Tensor

from gan.metrics.extractor import Extractor
from gan.metrics.maps import Maps

Generator = Callable[[Tensor], Tensor]
"""Maps (N, C, H, W) in [-1, 1] on the device to (N, C', H, W) in [-1, 1]."""
Around = Callable[[Generator], Generator]
"""Returns a generator with something done before or after it."""


def unchanged(generator: Generator) -> Generator:
    """Return the generator unchanged."""
    return generator


@dataclass(frozen=True)
class Images:
    """Images and their feature maps, which are computed when a metric first uses them."""

    pixels: Tensor
    """(N, C, H, W) in [-1, 1]."""
    extractor: Extractor | None = None
    extract: Callable[[], Maps] | None = None
    """Returns the maps; None to compute them from the pixels with the extractor."""

    @cached_property
    def maps(self) -> Maps:
        """The feature maps of all layers."""
        assert self.extractor
        return self.extract() if self.extract else self.extractor.maps(self.pixels)

    @property
    def content(self) -> Tensor:
        """The feature map for comparing structure."""
        assert self.extractor
        return self.maps[self.extractor.content]

    @property
    def style(self) -> Maps:
        """The feature maps for comparing textures, by layer."""
        assert self.extractor
        return {layer: self.maps[layer] for layer in self.extractor.style}

    def at(self, places: list[int]) -> "Images":
        """Return the images with these indices."""

        def chosen() -> Maps:
            return {layer: values[places] for layer, values in self.maps.items()}

        return Images(self.pixels[places], self.extractor, chosen)


NONE = Images(torch.empty(0))


@dataclass(frozen=True)
class Batch:
    """All images that metrics compare; those that no chosen metric requires may be missing."""

    source: Images
    fake: Images = NONE
    """Translations in [-1, 1], rounded as in a file: to 8 bits, or 16 in a domain with a range."""
    unrounded: Tensor = NONE.pixels
    """Translations as the generator returns them, (N, C, H, W)."""
    truth: Images = NONE
    """The desired translations: the target domain's images that are paired with the sources."""
    back: Callable[[Tensor], Tensor] | None = None
    """The generator of the other direction."""
    around: Around = unchanged
    """Returns a generator whose input is first degraded (gan evaluate --robust)."""
    grams: Maps = field(default_factory=dict)
    """Mean Gram matrices (1, C, C) of the target domain, by style layer."""
    lpips: Mapping[str, Callable[[Tensor, Tensor], Tensor]] = field(default_factory=dict)
    """LPIPS with its published weights, by backbone, if the images are large enough."""

    def at(self, places: list[int], truth: Images) -> "Batch":
        """Return the batch of the images with these indices; `truth` becomes their truth."""
        return replace(
            self,
            source=self.source.at(places),
            fake=self.fake.at(places),
            unrounded=self.unrounded[places],
            truth=truth,
        )

    @cached_property
    def reconstruction(self) -> Tensor:
        """The reconstructed sources: the unrounded translations, translated back."""
        assert self.back
        return self.back(self.unrounded).float()

    @cached_property
    def identity(self) -> Tensor:
        """The identity outputs: the generator of the other direction applied to the sources."""
        assert self.back
        return self.around(self.back)(self.source.pixels).float()
