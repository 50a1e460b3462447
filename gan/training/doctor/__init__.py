"""Watches a training: signals that are cheap to compute, and advice where one exceeds its limit."""
