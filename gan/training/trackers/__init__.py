"""Log a run: TensorBoard, grids of the same test images, and other trackers."""

from gan.training.trackers.tracker import Tracker, open_tracker

__all__ = ["Tracker", "open_tracker"]
