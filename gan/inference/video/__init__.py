"""Translate video clips in one steady style, shot by shot. Requires the extra `video` (PyAV)."""
