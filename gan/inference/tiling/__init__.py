"""Run generators on images of any size in bounded memory, with the same result as in one piece.

Between two norms, a pixel of a ResNet generator depends on a few pixels around it. But an instance
norm needs statistics of the whole image. So the image is processed in one pass for each norm, in
bands across its shorter side. Maps at a quarter of the resolution are stored in files between the
passes. Maps at higher resolutions are eight times as large, so they are computed again in every
pass: an eighth of all arithmetic.
"""

from gan.inference.tiling.passes import run_tiled, scratch_bytes

__all__ = ["run_tiled", "scratch_bytes"]
