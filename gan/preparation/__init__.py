"""Prepare a dataset in the two-folder layout: `gan prepare`."""

from gan.system.lazy import lazy

__getattr__ = lazy(__name__, command="prepare", options="PrepareOptions")
