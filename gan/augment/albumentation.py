"""DomainTranslate, an albumentations transform: translates pictures; boxes and masks stay."""

from pathlib import Path
from typing import Any

import albumentations as A  # noqa: N812, the library's own convention

from gan.augment.live import Model, check_model, translate_pixels
from gan.augment.options import strength_range
from gan.inference.translator import Device, Direction


class DomainTranslate(A.ImageOnlyTransform):  # type: ignore[misc]
    """Translate pictures with a trained generator, with the probability p.

    Pictures are (H, W, C) of uint8. Random numbers are albumentations' own, so that equal seeds
    give equal pictures. Loader workers receive only the path; each loads the weights once. Forked
    workers repeat their random numbers in every epoch unless each gets a seed; docs/augmenting.md
    shows how.

    Args:
        model: Run directory, or one of its gen_*.safetensors files.
        direction: ab or ba; required if the model holds both.
        strength: Share of the translation, or the limits of a share drawn for every picture.
        device: Where to compute. Forked workers cannot use a GPU.
        p: Probability of a translation.

    ValueError if the model cannot be loaded, or if the direction is missing or not in the model.
    """

    class InitSchema(A.ImageOnlyTransform.InitSchema):  # type: ignore[misc]
        """Types that albumentations checks."""

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
        """Draw the random numbers for one picture."""
        return {"share": self.py_random.uniform(*self.strength)}

    def apply(self, img: Any, share: float, **params: Any) -> Any:
        """Translate one picture."""
        return translate_pixels(Model(self.model, self.direction, self.device), img, share)
