"""Measure whether translations help: train a small network with and without them, and test it."""
