"""Observers of a run: they act between steps and do not change what the steps compute."""
