"""How long a run is: steps, pairs and epochs."""

import math
from dataclasses import dataclass

from gan.config import TrainConfig
from gan.schedule import lr_multiplier


@dataclass(frozen=True)
class Extent:
    """A run over a dataset of so many pairs, by so many processes."""

    train: TrainConfig
    pairs: int
    """In the dataset: those of one epoch."""
    processes: int = 1

    @property
    def pairs_per_step(self) -> int:
        """Pairs that all processes together see in one step."""
        return self.train.batch_size * self.train.accumulate * self.processes

    @property
    def last_step(self) -> int:
        """The step in which the last epoch ends."""
        pairs = (self.train.epochs + self.train.decay_epochs) * self.pairs
        return math.ceil(pairs / self.pairs_per_step)

    @property
    def stop(self) -> int:
        """The step after which this run ends: the last one, or train.max_steps."""
        return min(self.last_step, self.train.max_steps or self.last_step)

    def due(self, step: int, every: int) -> bool:
        """Whether something happens after this step that happens every so many, and at the end."""
        return step % every == 0 or step == self.stop

    def epochs_done(self, step: int) -> int:
        """Whole epochs after so many steps."""
        return step * self.pairs_per_step // self.pairs

    def ends_epoch(self, step: int, every: int) -> bool:
        """Whether an epoch whose number is a multiple of this ends in a step."""
        return self.epochs_done(step) // every > self.epochs_done(step - 1) // every

    def lr_multiplier(self, step: int) -> float:
        """The learning rate's factor in a step: that of the epoch in which it begins."""
        train, epoch = self.train, self.epochs_done(step - 1)
        return lr_multiplier(epoch, train.epochs, train.decay_epochs, train.schedule)
