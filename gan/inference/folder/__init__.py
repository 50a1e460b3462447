"""Translating folders: every image comes back under its own relative name, in its own size."""

from gan.inference.folder.entry import translate_folder

__all__ = ["translate_folder"]
