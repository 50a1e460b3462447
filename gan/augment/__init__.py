"""Labelled datasets in another domain: images are translated, their labels carried."""

from gan.augment.command import augment
from gan.augment.settings import AugmentConfig

__all__ = ["AugmentConfig", "augment"]
