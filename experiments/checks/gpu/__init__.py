"""What only a GPU can show, part by part: `python scripts/gpu_check.py`."""
