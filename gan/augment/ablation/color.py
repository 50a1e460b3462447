"""Augment colors strongly, to compare the effect with that of translations."""

import albumentations as A  # noqa: N812, the library's own convention

from gan.augment.ablation.pictures import Pixels


class Color:
    """Adds weather, color changes, blur and noise to a picture at random; nothing moves.

    The result depends only on the picture and the seed.
    """

    def __init__(self) -> None:
        weather = [
            A.RandomFog(fog_coef_range=(0.2, 0.7), p=1),
            A.RandomRain(drop_length=6, blur_value=1, p=1),
            A.RandomSnow(snow_point_range=(0.1, 0.4), p=1),
            A.RandomShadow(p=1),
            A.RandomSunFlare(src_radius=24, p=1),
        ]
        colors = [
            A.ChannelShuffle(p=1),
            A.InvertImg(p=1),
            A.Posterize(num_bits=(3, 5), p=1),
            A.Solarize(p=1),
            A.ToGray(p=1),
        ]
        jitter = A.ColorJitter(
            brightness=(0.4, 1.6), contrast=(0.4, 1.6), saturation=(0, 2), hue=(-0.5, 0.5), p=0.8
        )
        mild = [
            A.GaussianBlur(sigma_limit=(0.2, 0.8), p=1),
            A.GaussNoise(std_range=(0.02, 0.1), p=1),
        ]
        self.compose = A.Compose(
            [A.OneOf(weather, p=0.4), jitter, A.OneOf(colors, p=0.4), A.OneOf(mild, p=0.3)]
        )

    def __call__(self, pixels: Pixels, seed: int) -> Pixels:
        """Return changed pixels of the same shape; equal seeds give equal changes."""
        self.compose.set_random_seed(seed)
        changed: Pixels = self.compose(image=pixels)["image"]
        return changed
