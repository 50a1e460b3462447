"""The parts of the GPU check: `python scripts/gpu_check.py`."""
