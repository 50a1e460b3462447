"""DomainTranslate, an albumentation: the picture is translated, boxes, masks and points stay."""

from pathlib import Path
from typing import Any

import albumentations as A  # noqa: N812, the library's own convention

from gan.augment.live import Model, check_model, translate_pixels
from gan.augment.options import strength_range
from gan.inference.translator import Device, Direction


class DomainTranslate(A.ImageOnlyTransform):  # type: ignore[misc]
    """Translate pictures with a trained generator, with the probability p.

    Pictures are (H, W, C) of uint8. Draws are albumentations' own, so that equal seeds give equal
    pictures. Only the path travels to loader workers; each loads the weights once. Forked workers
    repeat their draws in every epoch unless each is given a seed: docs/augmenting.md has the lines.

    Args:
        model: Run directory, or one of its gen_*.safetensors files.
        direction: ab or ba; needed where the model holds both.
        strength: Share of the translation, or two numbers to draw between for every picture.
        device: Where to compute; workers that are forked cannot use a GPU.
        p: Probability.

    ValueError names a model that cannot be opened, and a direction that is missing or absent.
    """

    class InitSchema(A.ImageOnlyTransform.InitSchema):  # type: ignore[misc]
        """What albumentations checks."""

        model: Path
        direction: Direction | None
        strength: float | tuple[float, float]
        device: Device

    def __init__(
        self,
        model: str | Path,
        direction: Direction | None = None,
        strength: float | tuple[float, float] = 1.0,
        device: Device = "cpu",
        p: float = 0.5,
    ) -> None:
        super().__init__(p=p)
        self.model, self.direction, self.device = Path(model), direction, device
        check_model(Model(self.model, direction, device))
        self.strength = strength_range(strength)

    def get_params(self) -> dict[str, Any]:
        """Return the draws for one picture."""
        return {"share": self.py_random.uniform(*self.strength)}

    def apply(self, img: Any, share: float, **params: Any) -> Any:
        """Return the translation of one picture."""
        return translate_pixels(Model(self.model, self.direction, self.device), img, share)
