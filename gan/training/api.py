"""Training from Python: `gan.train(config)`."""

from dataclasses import dataclass, field
from pathlib import Path

from torch import nn

from gan.config import Config
from gan.domains import Direction
from gan.evaluation.files import METRICS_FILE, superseded
from gan.system.memory import out_of_memory_as_value_error
from gan.system.signals import Interruption
from gan.training.forecast import plan as forecast
from gan.training.run import Run

LESS = (
    "set train.recompute, or lower train.batch_size, data.crop_size or networks.generator_channels"
)
"""Advice for a run that exceeds the memory."""


@dataclass(frozen=True)
class TrainResult:
    """The result of a training."""

    status: int
    """0: finished; 75: a signal stopped it, and the same call resumes it."""
    steps: int
    """Steps done so far."""
    ended: str | None
    """Why it ended before its last step: a plateau (evaluate.patience) or a signal; else None."""
    metrics: dict[str, float]
    """The values of the newest evaluation during training, by name; empty without one."""
    run_dir: Path
    """The folder of the run, which gan.Translator.load accepts."""
    files: dict[Direction, Path]
    """Exported generators: safetensors files for inference."""
    generators: dict[Direction, nn.Module] = field(repr=False)
    """The same generators in memory, on the device on which they were trained."""


def train(config: Config) -> TrainResult:
    """Train until the last step or a signal; resume if run.dir holds a run.

    `config` is checked when it is made, folders and files when the run begins. Another call with
    the same configuration resumes the run, or returns at once if it is finished.
    ValueError, with the key or the file, if one is wrong, or if memory does not suffice; OSError
    if a state cannot be written.
    """
    with Interruption() as interruption, out_of_memory_as_value_error(LESS):
        run = Run(config, interruption)
        status = run.fit()
    return TrainResult(
        status=status,
        steps=run.step,
        ended=run.ending,
        metrics=_newest_metrics(run.folder),
        run_dir=run.folder,
        files=run.generator_export.paths(),
        generators=run.frame.generators,
    )


def train_command(config: Config, *, plan: bool = False) -> int:
    """Run `gan train`; return the exit status: 0 finished, 75 stopped by a signal.

    With `plan`, print the predicted time, memory and disk space of the run instead of training.
    """
    return forecast(config) if plan else train(config).status


def _newest_metrics(folder: Path) -> dict[str, float]:
    """Return the values of the newest evaluation during training, by name; {} without one."""
    path = folder / METRICS_FILE
    lines = path.read_bytes().splitlines() if path.exists() else []
    records = [record for line in lines if (record := superseded(line, -1))]
    metrics = records[-1]["metrics"] if records else {}
    return {name: metric["value"] for name, metric in metrics.items()}
