"""The generators that a run leaves for use."""

from collections.abc import Mapping
from pathlib import Path

from torch import Tensor

from gan.config import Config
from gan.domains import DIRECTIONS, Direction
from gan.networks.assembly import generator_spec
from gan.networks.files import save_generator


def save_generators(
    folder: Path,
    config: Config,
    generators: Mapping[Direction, Mapping[str, Tensor]],
    step: int,
    epoch: int,
    suffix: str = "",
) -> None:
    """Write gen_ab{suffix}.safetensors and the like, each whole in itself.

    generators are the weights of each direction's generator.
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
    for direction, weights in generators.items():
        ends = DIRECTIONS[direction]
        channels = data.channels(ends.source), data.channels(ends.target)
        spec = generator_spec(config.networks, *channels)
        path = folder / f"gen_{direction}{suffix}.safetensors"
        save_generator(weights, path, spec, about | {"direction": direction})
