"""Watches a training: cheap signals, and a sentence of advice where one is beyond its limit."""

from gan.config.tables.findings import FAULTS
from gan.training.doctor.doctor import Doctor, Examination

__all__ = ["FAULTS", "Doctor", "Examination"]
