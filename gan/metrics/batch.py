"""What metrics are computed from."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

import torch
from torch import Tensor

from gan.metrics.extractor import Extractor
from gan.metrics.maps import Maps


@dataclass(frozen=True)
class Images:
    """Images, with what the extractor makes of them once a metric uses it."""

    pixels: Tensor
    """(N, C, H, W) in [-1, 1]."""
    extractor: Extractor | None = None
    extract: Callable[[], Maps] | None = None
    """Returns the maps where they are not the extractor's of these very pixels."""

    @cached_property
    def maps(self) -> Maps:
        """The feature maps of all layers."""
        assert self.extractor
        return self.extract() if self.extract else self.extractor.maps(self.pixels)

    @property
    def content(self) -> Tensor:
        """The feature map in which structure is compared."""
        assert self.extractor
        return self.maps[self.extractor.content]

    @property
    def style(self) -> Maps:
        """The feature maps that tell textures."""
        assert self.extractor
        return {layer: self.maps[layer] for layer in self.extractor.style}

    def at(self, places: list[int]) -> "Images":
        """Return some of the images."""

        def chosen() -> Maps:
            return {layer: values[places] for layer, values in self.maps.items()}

        return Images(self.pixels[places], self.extractor, chosen)


NONE = Images(torch.empty(0))


@dataclass(frozen=True)
class Batch:
    """Images in all that metrics compare; what a metric does not require may be missing."""

    source: Images
    fake: Images = NONE
    """Translations, rounded to 8 bits as in a file."""
    unrounded: Tensor = NONE.pixels
    truth: Images = NONE
    """What the translations should be: the pairs of the sources."""
    back: Callable[[Tensor], Tensor] | None = None
    """The generator of the other direction."""
    grams: Maps = field(default_factory=dict)
    """Mean Gram matrices (1, C, C) of the target domain, by style layer."""
    lpips: Mapping[str, Callable[[Tensor, Tensor], Tensor]] = field(default_factory=dict)
    """The published distances by backbone, where images are large enough."""

    def at(self, places: list[int], truth: Images) -> "Batch":
        """Return the images that have a truth."""
        return replace(
            self,
            source=self.source.at(places),
            fake=self.fake.at(places),
            unrounded=self.unrounded[places],
            truth=truth,
        )

    @cached_property
    def reconstruction(self) -> Tensor:
        """The sources translated there and back, unrounded in between."""
        assert self.back
        return self.back(self.unrounded).float()

    @cached_property
    def identity(self) -> Tensor:
        """What the generator into the sources' own domain makes of them."""
        assert self.back
        return self.back(self.source.pixels).float()
