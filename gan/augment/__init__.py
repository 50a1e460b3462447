"""Labelled datasets in another domain: images are translated, their labels carried."""
