"""Translating: one image, any size in tiles, folders of images."""
