"""Benchmarks of this project on this machine, a module each: `python -m benchmarks`."""
