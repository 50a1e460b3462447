"""Generators for other programs: one file in the format that they read."""

from gan.export.entry import convert, export_model

__all__ = ["convert", "export_model"]
