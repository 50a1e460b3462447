"""The length of a run, and the learning rate as a pure function of progress."""

import math
from dataclasses import dataclass

from gan.config import TrainConfig
from gan.config.choices import Schedule


def lr_multiplier(epoch: int, epochs: int, decay_epochs: int, schedule: Schedule) -> float:
    """Return the factor of the learning rate in an epoch, counted from 0.

    It is 1 for `epochs` epochs, then falls for `decay_epochs`, so that the epoch after the last
    would have 0. `linear` is the rule of the CycleGAN paper (Sec. 4) with the counting of its
    authors' present code: of 100 + 100 epochs, the 101st is the first below 1, and the 200th
    trains at 1/101. `cosine` falls along half a cosine; `constant` does not fall.
    """
    decayed = min(max(0, epoch - epochs + 1) / (decay_epochs + 1), 1.0)
    if schedule == "constant":
        return 1.0
    if schedule == "cosine":
        return 0.5 * (1 + math.cos(math.pi * decayed))
    return 1 - decayed


@dataclass(frozen=True)
class RunLength:
    """The length of a run, from its dataset and its number of processes."""

    train: TrainConfig
    pairs: int
    """Number of pairs in the dataset, all seen in one epoch."""
    processes: int = 1

    @property
    def pairs_per_step(self) -> int:
        """Pairs that all processes together see in one step."""
        return self.train.batch_size * self.train.accumulate * self.processes

    @property
    def last_step(self) -> int:
        """The step at which the last epoch ends."""
        pairs = (self.train.epochs + self.train.decay_epochs) * self.pairs
        return math.ceil(pairs / self.pairs_per_step)

    @property
    def stop(self) -> int:
        """The step after which this run ends: the last one, or train.max_steps."""
        return min(self.last_step, self.train.max_steps or self.last_step)

    def due(self, step: int, every: int) -> bool:
        """Return whether an action is due after this step: every `every` steps, and at the end."""
        return step % every == 0 or step == self.stop

    def epochs_done(self, step: int) -> int:
        """Return the number of whole epochs after a number of steps."""
        return step * self.pairs_per_step // self.pairs

    def ends_epoch(self, step: int, every: int) -> bool:
        """Return whether an epoch whose number is a multiple of `every` ends at this step."""
        return self.epochs_done(step) // every > self.epochs_done(step - 1) // every

    def lr_multiplier(self, step: int) -> float:
        """Return the learning rate's factor in a step: that of the epoch in which it begins."""
        train, epoch = self.train, self.epochs_done(step - 1)
        return lr_multiplier(epoch, train.epochs, train.decay_epochs, train.schedule)
