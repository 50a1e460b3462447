"""The generators that a run leaves for use."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from torch import Tensor

from gan.config import Config
from gan.networks.assembly import generator_spec
from gan.networks.files import save_generator


def save_generators(
    folder: Path,
    config: Config,
    generators: Sequence[Mapping[str, Tensor]],
    step: int,
    epoch: int,
    suffix: str = "",
) -> None:
    """Write gen_ab{suffix}.safetensors and gen_ba{suffix}.safetensors, each whole in itself.

    generators are the weights of A to B, and those of B to A where the recipe has them.
    """
    data = config.data
    about = {
        "step": step,
        "epoch": epoch,
        "averaged": bool(config.train.ema),
        "resize": data.resize,
        "load_size": data.load_size,
        "crop_size": data.crop_size,
    }
    channels = {"ab": (data.channels_a, data.channels_b), "ba": (data.channels_b, data.channels_a)}
    for weights, direction in zip(generators, channels, strict=False):
        spec = generator_spec(config.networks, *channels[direction])
        path = folder / f"gen_{direction}{suffix}.safetensors"
        save_generator(weights, path, spec, about | {"direction": direction})
