"""Watches a training: signals that are cheap to compute, and advice if one is beyond its limit."""
