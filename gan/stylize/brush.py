"""Paint a picture by optimization of its pixels, from the coarsest size to the finest."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

import torch
from PIL import Image
from torch import Tensor

from gan.features import Features, LayerTable, chosen_layers
from gan.images.pixels import from_image, to_unit
from gan.inference.devices import pick_device
from gan.stylize.canvas import prepare
from gan.stylize.colors import luma
from gan.stylize.descent import minimize
from gan.stylize.objective import Terms, Weights
from gan.stylize.options import StylizeOptions
from gan.stylize.scene import Scene, Sources, fitted, ladder, noise, resized, scene

Note = Callable[[Terms, Callable[[], Image.Image]], None]
"""Called after every evaluation with the loss terms, and a function that returns the picture."""


def _ignore(terms: Terms, finished: Callable[[], Image.Image]) -> None:
    """Note nothing."""


@dataclass(frozen=True)
class Brush:
    """The network in whose feature maps pictures are compared."""

    extract: Features
    layers: LayerTable
    device: torch.device

    @classmethod
    def of(cls, config: StylizeOptions) -> Self:
        """Return the network that the options name; ValueError if it has no weights."""
        layers, device = chosen_layers(config.perceptual), pick_device(config.device)
        names = [*layers.content, *layers.style]
        network = Features(config.perceptual.backbone, names, config.perceptual.weights)
        return cls(network.to(device), layers, device)

    def paint(
        self,
        config: StylizeOptions,
        sources: Sources,
        start: Image.Image | None = None,
        note: Note = _ignore,
    ) -> Image.Image:
        """Return one stylization.

        With a `start`, which is nearly painted, it is painted in frame_steps at the last size only.
        """
        weights = Weights(config.content_weight, config.style_weight, config.tv_weight)
        picture: Tensor | None = None
        rungs, steps = ladder(sources.photo, config.size, config.sizes), config.steps
        if start is not None:
            rungs, steps = rungs[-1:], config.frame_steps
        for longer in rungs:
            view = scene(sources, longer, config.style_scale, config.preserve_color, self.device)
            canvas = prepare(
                view, self.extract, self.layers, config.shares(), weights, config.strength,
                config.tile,
            )  # fmt: skip
            if picture is None:
                picture = self._first(config, view, start, longer)

            def watch(terms: Terms, painted: Tensor, view: Scene = view) -> None:
                note(terms, lambda: view.finished(painted))

            picture = minimize(
                view.composed(resized(picture, view.photo)),
                canvas.evaluate,
                config.optimizer,
                steps,
                watch,
                inside=view.inside(),
            )
        assert picture is not None
        return view.finished(picture)

    def _first(
        self, config: StylizeOptions, view: Scene, start: Image.Image | None, longer: int
    ) -> Tensor:
        """Return the picture that is painted over first."""
        if start is None:
            return noise(view.photo, config.seed) if config.init == "noise" else view.photo
        picture = to_unit(from_image(fitted(start, longer)).to(self.device))[None]
        return picture if view.photo.shape[1] == 3 else luma(picture)
