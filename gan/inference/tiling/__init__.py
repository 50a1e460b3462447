"""Generators on pictures of any size in bounded memory, with the result of one piece.

Between two norms a ResNet generator is local: a pixel depends on a few around it. An instance norm
needs the statistics of the whole picture, so there is a pass over the picture for each, in bands
across its shorter side. Maps at a quarter of the resolution lie in files between the passes; wider
ones, eight times their size, are computed again in every pass, an eighth of all arithmetic.
"""

from gan.inference.tiling.passes import run_tiled, scratch_bytes

__all__ = ["run_tiled", "scratch_bytes"]
