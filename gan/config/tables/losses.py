"""Loss terms that are turned on by a weight in loss.terms."""

from dataclasses import dataclass

from gan.config.table import Code, Table


@dataclass(frozen=True)
class LossTermRow:
    """A term of the generators' objective, computed for each direction."""

    code: Code
    """Maps a gan.training.objective.Cycle (real, fake, rec, target, idt) to a scalar."""


LOSS_TERMS: Table[LossTermRow] = Table("loss term", {})
