"""Translating folders: every image comes back under its own relative name, in its own size."""

from gan.system.lazy import lazy

__getattr__ = lazy(__name__, folder="translate_folder", options="TranslateOptions")
