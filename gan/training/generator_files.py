"""The generators that a run leaves for use."""

from gan.config import Config
from gan.training.checkpoint import Saver, on_cpu, save_generators
from gan.training.recipes.table import AnyTrainer
from gan.training.schedule import RunLength


class GeneratorExport:
    """Copies the generators for use and lets the saver write them, on the main process."""

    def __init__(
        self, config: Config, trainer: AnyTrainer, length: RunLength, saver: Saver
    ) -> None:
        self.config, self.trainer, self.length, self.saver = config, trainer, length, saver

    def keep(self, step: int, suffix: str = "") -> None:
        """Leave the generators of this step, the present one, as gen_ab{suffix}.safetensors."""
        if self.saver.accelerator.is_main_process:
            weights = [on_cpu(generator.state_dict()) for generator in self.trainer.generators]
            epoch, folder = self.length.epochs_done(step), self.config.run.dir
            self.saver.add(save_generators, folder, self.config, weights, step, epoch, suffix)

    def keep_epoch(self, step: int) -> None:
        """Leave them for good when a train.keep_every-th epoch ends in this step."""
        every = self.config.train.keep_every
        if every and self.length.ends_epoch(step, every):
            self.keep(step, f"-epoch{self.length.epochs_done(step):03d}")
