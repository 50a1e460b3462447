"""A trained generator, ready for use: pictures in, pictures of the same size out."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Self, TypeVar, cast

import numpy as np
import torch
from PIL import Image, ImageOps
from torch import Tensor, nn

from gan.config.choices import MAX_MEGAPIXELS, MIN_SIDE, Channels, Range
from gan.config.choices import Device as Device
from gan.config.choices import Precision as Precision
from gan.config.tables.generators import generator_row
from gan.domains import Direction as Direction
from gan.images import Picture, read_image, read_picture, resize_short, to_channels
from gan.images.color import deep_grey
from gan.images.deep import eight_bits
from gan.images.pixels import from_image, to_image, to_pixels, to_unit
from gan.inference.devices import pick_device
from gan.inference.tiling import run_tiled, scratch_bytes
from gan.interop import fetch, find_generator, open_generator, push, write_model
from gan.networks.adain import Styled
from gan.networks.files import ranges_of
from gan.networks.layers import cast_weights
from gan.system.arithmetic import tf32
from gan.system.memory import free_memory

Result = TypeVar("Result")

LIVE_MAPS = 6
"""Maps of the first convolution's width in float32 that a network holds at once: 3.5 to 4.9 were
measured (CPU, ResNet-9, 8 and 32 channels, 1024 and 2048 pixels)."""


class Translator:
    """One generator on one device."""

    def __init__(
        self,
        network: nn.Module,
        channels: int,
        device: torch.device,
        precision: Precision = "fp32",
        *,
        tiles: bool = False,
        source: Path | None = None,
        ranges: tuple[Range | None, Range | None] = (None, None),
    ) -> None:
        """tiles: whether gan.inference.tiling can run the network; source: the file it is from;
        ranges: the numbers that are black and white in its inputs and in its outputs."""
        self.channels, self.device, self.tiles = channels, device, tiles
        self.source = source
        self.range_in, self.range_out = ranges
        self.precision = precision
        self.dtype = {"bf16": torch.bfloat16, "fp16": torch.float16}.get(precision)
        self.network = network.eval().requires_grad_(False).to(device)
        cast_weights(self.network, self.dtype)
        if device.type == "cpu" and self.dtype:
            # Half the time (docs/log.md).
            self.network.to(memory_format=torch.channels_last)

    @classmethod
    def load(
        cls,
        path: str | Path,
        direction: Direction | None = None,
        device: Device = "auto",
        precision: Precision = "fp32",
        style: str | Path | None = None,
    ) -> Self:
        """Open a run directory, one of its gen_*.safetensors files, or other people's weights.

        These are the reference's .pth files and what else gan convert opens, and the run folders
        of the reference.

        A run directory with both generators needs the direction, `ab` or `ba`; a generator that is
        shown its style needs a picture, `style`, scaled to the size of those that it learned from.
        ValueError says so, and names what is missing, damaged or of the other direction.
        """
        file = find_generator(Path(path), direction)
        opened = open_generator(file, direction)
        network, spec, about = opened.network, opened.spec, opened.about
        row = generator_row(spec["kind"])
        if row.takes_style:
            network = Styled(network, read_style(style, file, spec["out_channels"], about))
        elif style is not None:
            raise ValueError(f"{file}: has its own style and takes no other: remove --style")
        return cls(
            network,
            spec["in_channels"],
            pick_device(device),
            precision,
            tiles=row.tiles,
            source=file,
            ranges=ranges_of(about, file),
        )

    @classmethod
    def from_pretrained(
        cls,
        name: str | Path,
        direction: Direction | None = None,
        device: Device = "auto",
        precision: Precision = "fp32",
        style: str | Path | None = None,
        revision: str | None = None,
    ) -> Self:
        """Open what save_pretrained or a run left in a folder, or hf://user/name from the Hub.

        A path that does not exist is rejected at once. For the rest, `load`.
        """
        return cls.load(fetch(name, revision), direction, device, precision, style)

    def save_pretrained(
        self, folder: str | Path, license: str = "unknown", *, overwrite: bool = False
    ) -> None:
        """Write this generator and a model card into a folder for sharing.

        The card tells what the run's directory does: data, recipe, metrics, samples. ValueError for
        a translator that comes from no file, a folder that holds other things, and, without
        `overwrite`, for a generator that is there. A README.md that is there stays.
        """
        if self.source is None:
            raise ValueError("this translator comes from no file: save the generator itself")
        write_model(Path(folder), [self.source], license, overwrite=overwrite)

    def push_to_hub(
        self, repository: str, license: str = "unknown", *, private: bool = False
    ) -> str:
        """Upload what save_pretrained writes to the Hub's repository user/name; its address."""
        with TemporaryDirectory() as folder:
            self.save_pretrained(folder, license)
            return push(Path(folder), repository, private=private)

    def read(self, path: Path, max_megapixels: float = MAX_MEGAPIXELS, page: int = 0) -> Picture:
        """Read a file, or a page of a stack, as this generator takes it; ImageError likewise."""
        channels: Channels = 1 if self.channels == 1 else 3
        picture = read_picture(
            path,
            channels=channels,
            max_megapixels=max_megapixels,
            values=self.range_in,
            page=page,
        )
        if self.range_out and picture.pixels.dtype == np.uint8:  # or 256 numbers would be left
            alpha = None if picture.alpha is None else picture.alpha * np.uint16(257)
            picture = replace(picture, pixels=picture.pixels * np.uint16(257), alpha=alpha)
        return replace(picture, written=self.range_out)

    def translate(self, image: Image.Image) -> Image.Image:
        """Translate a picture of any mode to one of the same size, upright, mode RGB or L.

        A generator with ranges takes modes I and F in their numbers, others and its own output as
        pictures, 0 black and 255 white. ValueError when a side is shorter than 16 pixels, or the
        output is not finite.
        """
        image = ImageOps.exif_transpose(image)
        check_size(*image.size)
        if self.range_in and image.mode.startswith(("I", "F")):
            shown = eight_bits(deep_grey(image, self.range_in)[:, :, 0])
            image = Image.fromarray(shown)
        (translated,) = self.translate_batch(from_image(to_channels(image, self.channels))[None])
        return to_image(require_finite(translated))

    @torch.inference_mode()
    def translate_batch(self, pixels: Tensor) -> list[Tensor | None]:
        """Translate pictures (N, C, H, W) of uint8 or uint16, each to (C, H, W) of the same type.

        None for a picture whose output is not finite.
        """
        unit = self.run(to_unit(pixels.to(self.device)))
        finite = unit.isfinite().flatten(1).all(1).tolist()
        results = to_pixels(unit, pixels.dtype).cpu()
        return [result if good else None for result, good in zip(results, finite, strict=True)]

    @torch.inference_mode()
    def translate_tiled(
        self,
        pixels: Tensor,
        tile: int,
        scratch: Path,
        progress: Callable[[float], object] = lambda share: None,
    ) -> Tensor | None:
        """Translate one picture (C, H, W) like `translate_batch`, in bounded memory.

        `scratch` is a folder with room for `scratch_bytes`; `progress` is told the share of the
        work that is done. ValueError for a network that cannot be tiled, OSError where the room is
        missing.
        """
        height, width = pixels.shape[-2:]
        result: Tensor | None = None
        finite = True

        def read(rows: slice, columns: slice) -> Tensor:
            return to_unit(pixels[None, :, rows, columns].to(self.device))

        def write(rows: slice, columns: slice, unit: Tensor) -> None:
            nonlocal result, finite
            if result is None:
                result = torch.empty((unit.shape[1], height, width), dtype=pixels.dtype)
            finite = finite and bool(unit.isfinite().all())
            result[:, rows, columns] = to_pixels(unit[0], pixels.dtype).cpu()

        with self.autocast():
            run_tiled(
                self.network, read, write, height, width,
                tile=tile, scratch=scratch, progress=progress,
            )  # fmt: skip
        return result if finite else None

    def run(self, unit: Tensor) -> Tensor:
        """Return the network on (N, C, H, W) in [-1, 1], in the precision of this translator."""
        with self.autocast():
            return cast(Tensor, self.network(unit))

    def compile(self) -> str | None:
        """Compile the network for pictures of any size; why it cannot be, in one line, if so.

        It is run once, so that nothing is left to fail: a minute. The first batches of another kind
        (several pictures, or another number of threads) compile again. The same numbers, but for
        rounding. Tiles are not compiled.
        """
        # Without what pads around it, where Python would choose again for every size.
        network = getattr(self.network, "model", self.network)
        try:
            network.compile(dynamic=True)
            with torch.inference_mode():
                self.run(torch.zeros(1, self.channels, 64, 64, device=self.device))
        except Exception as error:  # no C++ compiler, no Triton, no Python headers...
            network._compiled_call_impl = None
            return str(error).strip().splitlines()[0]
        return None

    @contextmanager
    def autocast(self) -> Iterator[None]:
        """Compute in the precision of this translator: fp32 is exact float32 on GPUs, too."""
        with (
            tf32(self.precision == "tf32"),
            torch.autocast(self.device.type, self.dtype, enabled=self.dtype is not None),
        ):
            yield

    def scratch_bytes(self, height: int, width: int) -> int:
        """Return the disk that `translate_tiled` takes."""
        return scratch_bytes(self.network, height, width)

    def fits(self, height: int, width: int) -> bool:
        """Return whether there is memory for a picture in one piece, by a rough estimate."""
        widths = (
            module.out_channels
            for module in self.network.modules()
            if isinstance(module, nn.Conv2d)
        )
        return LIVE_MAPS * 4 * next(widths, 1) * height * width < free_memory(self.device)


def check_size(width: int, height: int, about: str = "") -> None:
    """Raise ValueError, which begins with `about`, for less than the generators are defined for."""
    if min(width, height) < MIN_SIDE:
        raise ValueError(f"{about}{width}x{height} pixels: both sides must be at least {MIN_SIDE}")


def require_finite(translated: Result | None) -> Result:
    """Return a translation; ValueError in place of one that is not finite."""
    if translated is None:  # it would become black, and look like a translation
        raise ValueError(
            "the generator returns NaN for this image; if it is trained well, try fp32"
        )
    return translated


def read_style(
    path: str | Path | None, generator: Path, channels: Channels, about: Mapping[str, Any]
) -> Tensor:
    """Return the style picture of a generator, (1, C, H, W) in [-1, 1]; ValueError names it."""
    if path is None:
        raise ValueError(
            f"{generator}: takes its style from a picture: name one, --style painting.jpg"
        )
    image = read_image(Path(path), channels=channels)
    if about.get("resize", "none") != "none":
        image = resize_short(image, about["load_size"])
    check_size(*image.size, about=f"{path}: ")
    return to_unit(from_image(image)[None])
