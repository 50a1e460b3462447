"""Looking at a dataset before training on it: `gan inspect`."""

from gan.inspection.entry import inspect_folders

__all__ = ["inspect_folders"]
