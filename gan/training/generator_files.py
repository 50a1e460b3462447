"""The generators that a run leaves for use."""

from pathlib import Path

from gan.domains import Direction
from gan.training.checkpoint import Saver, on_cpu, save_generators
from gan.training.recipes.base import Frame
from gan.training.schedule import RunLength


class GeneratorExport:
    """Copies the generators for use and lets the saver write them, on the main process."""

    def __init__(self, frame: Frame, length: RunLength, saver: Saver) -> None:
        self.frame = frame
        self.length = length
        self.saver = saver

    def keep(self, step: int, suffix: str = "") -> None:
        """Leave the generators of this step, the present one, as gen_ab{suffix}.safetensors."""
        if self.saver.accelerator.is_main_process:
            config, epoch = self.frame.config, self.length.epochs_done(step)
            weights = {
                direction: on_cpu(generator.state_dict())
                for direction, generator in self.frame.generators.items()
            }
            self.saver.add(save_generators, config.run.dir, config, weights, step, epoch, suffix)

    def complete(self) -> bool:
        """Return whether all files of the last step are there."""
        return all(path.exists() for path in self.paths().values())

    def paths(self) -> dict[Direction, Path]:
        """Return the files of the last step by their directions."""
        folder = self.frame.config.run.dir
        return {name: folder / f"gen_{name}.safetensors" for name in self.frame.generators}

    def keep_epoch(self, step: int) -> None:
        """Leave them for good when a train.keep_every-th epoch ends in this step."""
        every = self.frame.config.train.keep_every
        if every and self.length.ends_epoch(step, every):
            self.keep(step, f"-epoch{self.length.epochs_done(step):03d}")
