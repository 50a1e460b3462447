"""The section of evaluation during training."""

from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, model_validator

from gan.config.sections import Count, Section
from gan.config.tables.metrics import full_names
from gan.system.text import nearest

MOST_RESAMPLES = 10_000
"""Far more than an interval needs; they are held in memory, one number an image each."""
Resamples = Annotated[int, Field(ge=0, le=MOST_RESAMPLES)]


class EvaluateConfig(Section):
    """Measuring the translations of the test folders on the way."""

    every: Count | None = None
    """Steps between two evaluations, written to metrics.jsonl; none where it is not set."""
    features: str | None = None
    """Network whose features FID, KID, Gram and structure compare: inception, or any of
    torchvision's, for instance mobilenet_v2; not set, inception where it is installed."""
    weights: Path | None = None
    """File with its weights; not set, the one in torch's cache."""
    max_images: Count | None = None
    """Measure only the first so many images of each test folder, in sorted order."""
    batch_size: Count = 8
    """Images at once."""
    resamples: Resamples = 200
    """For the intervals; 0 for none."""
    best: str | None = None
    """Metric, for instance kid_ab, by which the best generators are kept as gen_ab-best.safetensors
    and gen_ba-best.safetensors."""
    patience: Annotated[int, Field(ge=1)] | None = None
    """End the run when so many evaluations in a row have not been better than the best before them
    beyond its interval."""

    @model_validator(mode="after")
    def check(self) -> Self:
        for key in ("best", "weights", "features", "patience"):
            if getattr(self, key) is not None and self.every is None:
                raise ValueError(f"evaluate.{key} needs evaluate.every: set it")
        if self.best is not None and self.best not in (names := full_names()):
            raise ValueError(f"evaluate.best: no metric {self.best}{nearest(self.best, names)}")
        if self.patience is not None and self.best is None:
            raise ValueError("evaluate.patience needs evaluate.best: name a metric, e.g. l1_ab")
        if self.patience is not None and self.resamples == 0:
            raise ValueError(
                "evaluate.patience judges by intervals: evaluate.resamples must be above 0"
            )
        return self
