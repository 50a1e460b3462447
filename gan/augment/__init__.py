"""Augment labeled datasets: translate the images to another domain and carry the labels."""

from typing import TYPE_CHECKING

from gan.system.lazy import lazy

if TYPE_CHECKING:
    from gan.augment.albumentation import DomainTranslate as DomainTranslate
    from gan.augment.command import augment as augment
    from gan.augment.live import Model as Model
    from gan.augment.live import translate_batch as translate_batch
    from gan.augment.options import AugmentOptions as AugmentOptions
    from gan.augment.vision import DomainTranslateV2 as DomainTranslateV2

__getattr__ = lazy(
    __name__,
    albumentation="DomainTranslate",
    command="augment",
    live="Model translate_batch",
    options="AugmentOptions",
    vision="DomainTranslateV2",
)
