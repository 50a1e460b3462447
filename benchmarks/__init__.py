"""Measurements of this project on the machine at hand, a module each: -m benchmarks."""
