"""Write the inputs of benchmarks: photographs and an untrained generator."""

from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from PIL import Image

from gan.images import write_image
from gan.networks import build_generator, init_weights
from gan.networks.files import save_generator

Kind = Literal["mixed", "jpg", "png"]


def prepare(
    folder: Path, channels: int, images: int, side: int, kind: Kind = "mixed"
) -> tuple[Path, Path]:
    """Write photographs of mixed sizes and an untrained generator; return their paths."""
    from skimage import data

    photos = folder / f"photos-{images}-{side}-{kind}"
    originals = [data.astronaut(), data.chelsea(), data.coffee(), data.rocket()]
    rng = np.random.default_rng(0)
    for number in range(0 if photos.exists() else images):
        original = Image.fromarray(originals[number % len(originals)])
        aspect = (1.0, 1.5, 0.75, 4 / 3)[rng.integers(4)]
        width, height = round(side * aspect**0.5), round(side / aspect**0.5)
        left, top = rng.integers(0, 60, 2)
        crop = original.crop((left, top, original.width - 20, original.height - 20))
        suffix = ("jpg", "jpg", "png")[number % 3] if kind == "mixed" else kind
        image = crop.resize((width, height), Image.Resampling.BICUBIC)
        write_image(image, photos / f"{number:04d}.{suffix}", quality=90)
    return photos, write_model(folder, channels)


def write_model(folder: Path, channels: int) -> Path:
    spec: dict[str, Any] = {"kind": "resnet_9blocks", "channels": channels}
    spec |= {"in_channels": 3, "out_channels": 3}
    network = build_generator(**spec)
    init_weights(network, 0.02, torch.Generator().manual_seed(0))
    path = folder / f"gen_{channels}.safetensors"
    save_generator(network.state_dict(), path, spec, {"direction": "ab"})
    return path
