"""DomainTranslateV2, a torchvision transform (v2): translates pictures; boxes and masks stay."""

from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torchvision import tv_tensors
from torchvision.transforms import v2

from gan.augment.live import Model, check_model, translate_pixels
from gan.augment.options import strength_range
from gan.images.pixels import from_array, to_array
from gan.inference.translator import Device, Direction


class DomainTranslateV2(v2.Transform):  # type: ignore[misc]
    """Translate pictures with a trained generator, with the probability p.

    Pictures are PIL images, tv_tensors.Image or, if a sample has neither, tensors (C, H, W) of
    uint8, as everywhere in v2. Boxes, masks, points and labels do not change. Random numbers are
    torch's. Loader workers receive only the path; each loads the weights once.

    Args:
        model: Run directory, or one of its gen_*.safetensors files.
        direction: ab or ba; required if the model holds both.
        strength: Share of the translation, or the limits of a share drawn for every sample.
        device: Where to compute. Forked workers cannot use a GPU.
        p: Probability of a translation.

    ValueError if the model cannot be loaded, or if the direction is missing or not in the model.
    """

    _transformed_types = (Image.Image, tv_tensors.Image, v2.functional.is_pure_tensor)

    def __init__(
        self,
        model: str | Path,
        direction: Direction | None = None,
        strength: float | tuple[float, float] = 1.0,
        device: Device = "cpu",
        p: float = 0.5,
    ) -> None:
        super().__init__()
        self.model, self.p = check_model(Model(Path(model), direction, device)), p
        self.strength = strength_range(strength)

    def make_params(self, flat_inputs: list[Any]) -> dict[str, Any]:
        """Draw the random numbers for one sample."""
        chance, place = torch.rand(2).tolist()
        low, high = self.strength
        return {"share": low + (high - low) * place if chance < self.p else None}

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        """Translate one picture."""
        share = params["share"]
        if share is None:
            return inpt
        if isinstance(inpt, Image.Image):
            return Image.fromarray(translate_pixels(self.model, np.array(inpt), share))
        if inpt.dtype != torch.uint8 or inpt.ndim != 3:
            raise ValueError(
                f"DomainTranslateV2 takes pictures (C, H, W) of uint8, not {inpt.dtype} "
                f"{tuple(inpt.shape)}; translate_batch takes batches of floats"
            )
        result: Tensor = from_array(translate_pixels(self.model, to_array(inpt), share))
        return tv_tensors.wrap(result, like=inpt) if isinstance(inpt, tv_tensors.Image) else result
