"""Looking at a dataset before training on it: `gan inspect`."""

from gan.inspection.command import inspect_folders

__all__ = ["inspect_folders"]
