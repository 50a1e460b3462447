"""Watches a training: cheap signals, and a sentence of advice where one is beyond its limit."""

from gan.config.tables.findings import FAULTS, Fault
from gan.training.doctor.doctor import Doctor, Examination
from gan.training.doctor.findings import Finding

__all__ = ["FAULTS", "Doctor", "Examination", "Fault", "Finding"]
