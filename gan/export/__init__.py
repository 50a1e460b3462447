"""Generators for other programs: one file in the format that they read."""
