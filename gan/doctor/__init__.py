"""Watches a training: cheap signals, and a sentence of advice where one is beyond its limit."""

from gan.doctor.doctor import Doctor, Examination
from gan.doctor.findings import FAULTS, Fault, Finding

__all__ = ["FAULTS", "Doctor", "Examination", "Fault", "Finding"]
