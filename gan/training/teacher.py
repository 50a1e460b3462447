"""The trained, frozen generator that a smaller one imitates."""

from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from gan.config import Config, DataConfig
from gan.config.tables.generators import generator_row
from gan.interop import find_generator, open_generator
from gan.networks.files import ranges_of
from gan.networks.layers import cast_weights
from gan.system.hashing import file_sha256
from gan.training.perceptual import DTYPES
from gan.training.run_folder import check_other


class Teacher:
    """A frozen generator in eval mode, in the training precision.

    ValueError, with the key to set, if data.channels_* or data.range_* differ from those of its
    training. ValueError also if the file cannot be opened, or if the generator takes a style image
    or has several styles.
    """

    def __init__(self, config: Config, device: torch.device) -> None:
        path = config.distill.teacher
        assert path is not None, "the configuration has been checked"
        check_other(config.run.dir, "distill.teacher", path)
        try:
            file = find_generator(path, "ab" if path.is_dir() else None)
            opened = open_generator(file)
            _check(file, opened.spec, opened.about, config.data)
        except ValueError as error:
            raise ValueError(f"distill.teacher: {error}") from error
        self.fingerprint = file_sha256(file)[:16]
        self.dtype, self.device = DTYPES.get(config.train.precision), device
        network: nn.Module = opened.network.requires_grad_(False).to(device)
        cast_weights(network, self.dtype)
        last = config.train.channels_last or device.type == "cpu"
        layout = torch.channels_last if last else torch.preserve_format
        self.network = network.to(memory_format=layout)

    @torch.no_grad()
    def __call__(self, images: Tensor) -> Tensor:
        """Return translations of images (N, C, H, W) in [-1, 1], in float32."""
        with torch.autocast(self.device.type, self.dtype, enabled=self.dtype is not None):
            return self.network(images).float()  # type: ignore[no-any-return]


def _check(file: Path, spec: dict[str, Any], about: dict[str, Any], data: DataConfig) -> None:
    """Raise ValueError if the generator cannot be used, or was trained for other images."""
    row = generator_row(spec["kind"])
    if row.takes_style:
        raise ValueError(
            f"{file}: takes a style image: choose a generator that takes only photographs"
        )
    if row.fixed_kind is not None:
        raise ValueError(
            f"{file}: has several styles: write a file with one style, for instance gan convert "
            f"{file} one.safetensors --style_index 0, and use that file"
        )
    ranges = dict(zip(("a", "b"), ranges_of(about, file), strict=True))
    channels = {"a": spec["in_channels"], "b": spec["out_channels"]}
    for key, wanted, given in (
        ("channels_a", channels["a"], data.channels_a),
        ("channels_b", channels["b"], data.channels_b),
        ("range_a", ranges["a"], data.values("a")),
        ("range_b", ranges["b"], data.values("b")),
    ):
        if wanted != given:
            value = list(wanted) if isinstance(wanted, tuple) else wanted
            must = f"set data.{key} to {value}" if value else f"remove data.{key}"
            raise ValueError(f"{file}: was trained with another data.{key}: {must}")
