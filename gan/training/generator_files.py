"""The generators that a run leaves for use."""

from pathlib import Path

from gan.domains import DIRECTIONS, Direction
from gan.networks.assembly import generator_spec
from gan.networks.files import save_generator
from gan.training.checkpoint import Saver, on_cpu
from gan.training.recipes.base import Frame
from gan.training.schedule import RunLength


class GeneratorExport:
    """Copies the generators for use and lets the saver write them, on the main process."""

    def __init__(self, frame: Frame, length: RunLength, saver: Saver) -> None:
        self.frame = frame
        self.length = length
        self.saver = saver

    def keep(self, step: int, suffix: str = "") -> None:
        """Leave the generators of this step, the present one, as gen_ab{suffix}.safetensors.

        Each file is whole in itself.
        """
        if not self.saver.accelerator.is_main_process:
            return
        config = self.frame.config
        data = config.data
        about = {
            "step": step,
            "epoch": self.length.epochs_done(step),
            "averaged": bool(config.train.ema),
            "resize": data.resize,
            "load_size": data.load_size,
            "crop_size": data.crop_size,
        }
        for direction, path in self.paths(suffix).items():
            ends = DIRECTIONS[direction]
            channels = data.channels(ends.source), data.channels(ends.target)
            spec = generator_spec(config.networks, *channels)
            weights = on_cpu(self.frame.generators[direction].state_dict())
            self.saver.add(save_generator, weights, path, spec, about | {"direction": direction})

    def paths(self, suffix: str = "") -> dict[Direction, Path]:
        """Return the files by their directions; those of the last step have no suffix."""
        folder = self.frame.config.run.dir
        return {name: folder / f"gen_{name}{suffix}.safetensors" for name in self.frame.generators}

    def keep_epoch(self, step: int) -> None:
        """Leave them for good when a train.keep_every-th epoch ends in this step."""
        every = self.frame.config.train.keep_every
        if every and self.length.ends_epoch(step, every):
            self.keep(step, f"-epoch{self.length.epochs_done(step):03d}")
