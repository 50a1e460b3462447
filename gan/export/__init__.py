"""Generators for other programs: one file in the format that they read."""

from gan.system.lazy import lazy

__getattr__ = lazy(__name__, command="convert export_model", options="ConvertOptions ExportOptions")
