"""Watches a training: cheap signals, and a sentence of advice where one is beyond its limit."""
