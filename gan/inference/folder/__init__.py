"""Translate folders: every translation keeps the relative name and the size of its image."""

from gan.system.lazy import lazy

__getattr__ = lazy(__name__, folder="translate_folder", options="TranslateOptions")
