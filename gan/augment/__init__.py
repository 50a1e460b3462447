"""Labelled datasets in another domain: images are translated, their labels carried."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gan.augment.albumentation import DomainTranslate as DomainTranslate
    from gan.augment.entry import augment as augment
    from gan.augment.live import Model as Model
    from gan.augment.live import translate_batch as translate_batch
    from gan.augment.settings import AugmentConfig as AugmentConfig
    from gan.augment.vision import DomainTranslateV2 as DomainTranslateV2

MODULES = {
    "AugmentConfig": "settings",
    "DomainTranslate": "albumentation",
    "DomainTranslateV2": "vision",
    "Model": "live",
    "augment": "entry",
    "translate_batch": "live",
}
__all__ = [
    "AugmentConfig",
    "DomainTranslate",
    "DomainTranslateV2",
    "Model",
    "augment",
    "translate_batch",
]


def __getattr__(name: str) -> Any:
    """Import albumentations and torch only when a public name is used."""
    import importlib

    if name not in MODULES:
        raise AttributeError(f"module 'gan.augment' has no attribute {name!r}")
    return getattr(importlib.import_module(f"gan.augment.{MODULES[name]}"), name)
