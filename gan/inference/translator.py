"""Translate pictures with a trained generator, to pictures of the same size."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import copy
from dataclasses import replace
from pathlib import Path
from typing import Self, cast, overload

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn

from gan.config.choices import MAX_MEGAPIXELS, Channels, Range
from gan.config.choices import Device as Device
from gan.config.choices import Precision as Precision
from gan.domains import Direction as Direction
from gan.images import Picture, read_picture
from gan.images.deep import Array
from gan.images.pixels import to_pixels, to_unit
from gan.inference import kinds
from gan.inference.checks import check_working_size
from gan.inference.devices import memory_of, pick_device
from gan.inference.sharing import Shared
from gan.inference.style import styled
from gan.inference.tiling import run_tiled, scratch_bytes
from gan.inference.working_size import scale, trained_at, working_size
from gan.interop import StyleChoice, check_kind, fetch, find_generator, is_address, open_generator
from gan.networks.files import ranges_of
from gan.networks.layers import cast_weights
from gan.system.arithmetic import tf32
from gan.system.memory import free_memory


class Translator(Shared):
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
        trained_at: int | None = None,
    ) -> None:
        """Move a network to a device and prepare it for inference.

        channels: input channels, 1 or 3. tiles: whether gan.inference.tiling can run the network.
        source: its file. ranges: values of black and white, in input files and in output files.
        trained_at: shorter side of the training images in pixels, if it is known.
        """
        self.channels, self.device, self.tiles = channels, device, tiles
        self.source, self.trained_at = source, trained_at
        self.size: int | None = None
        self.range_in, self.range_out = ranges
        self.precision = precision
        self.dtype = {"bf16": torch.bfloat16, "fp16": torch.float16}.get(precision)
        self.network = network.eval().requires_grad_(False).to(device)
        cast_weights(self.network, self.dtype)
        if device.type == "cpu" and self.dtype:  # half the time (docs/log.md)
            self.network.to(memory_format=torch.channels_last)

    @classmethod
    def load(
        cls,
        path: str | Path,
        direction: Direction | None = None,
        device: Device = "auto",
        precision: Precision = "fp32",
        style: str | Path | None = None,
        size: int | None = None,
        style_index: int | str | None = None,
        style_blend: str | None = None,
    ) -> Self:
        """Load a generator from a run directory or from a file of weights.

        path: run directory, one of its gen_*.safetensors files, a run folder or .pth file of the
        reference implementation, any other file that `gan convert` opens, or hf://user/name.
        direction: ab or ba; required for a run directory with both generators.
        device: auto uses a GPU if there is one.
        precision: arithmetic of the network: fp32 (exact on GPUs, too), tf32, bf16 or fp16.
        style: path of a style image; only for a generator that takes one.
        size: working size in pixels; see `at_size`.
        style_index: number or name of a style; only for a generator with several.
        style_blend: mixture of styles in place of style_index, such as "0:0.5,3:0.5".

        ValueError if a file is missing, damaged or of the other direction, or a value is invalid.
        """
        check_kind(path)
        file = find_generator(fetch(path) if is_address(path) else Path(path), direction)
        opened = open_generator(file, direction)
        network, row = styled(opened, file, style, StyleChoice(style_index, style_blend))
        translator = cls(
            network,
            opened.spec["in_channels"],
            pick_device(device),
            precision,
            tiles=row.tiles,
            source=file,
            ranges=ranges_of(opened.about, file),
            trained_at=trained_at(opened.about),
        )
        return translator.at_size(size)

    @classmethod
    def from_pretrained(
        cls,
        name: str | Path,
        direction: Direction | None = None,
        device: Device = "auto",
        precision: Precision = "fp32",
        style: str | Path | None = None,
        revision: str | None = None,
        style_index: int | str | None = None,
        style_blend: str | None = None,
    ) -> Self:
        """Load a generator from a folder or from the Hugging Face Hub.

        name: folder of `save_pretrained` or of a run, or `hf://user/name@revision/file`.
        revision: branch, tag or commit of the repository; None for its main branch.
        direction, device, precision, style, style_index, style_blend, and errors: as for `load`.
        """
        file = fetch(name, revision)
        return cls.load(file, direction, device, precision, style, None, style_index, style_blend)

    def at_size(self, size: int | None) -> Self:
        """Return a translator with the same network and another working size.

        size: side, at least 16, to which the shorter side of pictures is scaled for the network;
        None for no scaling. Translations are scaled back. ValueError for a size below 16.
        """
        check_working_size(size)
        result = copy(self)
        result.size = size
        return result

    def read(self, path: Path, max_megapixels: float = MAX_MEGAPIXELS, page: int = 0) -> Picture:
        """Read a file, or a page of a stack, with this generator's channels and input range.

        max_megapixels: largest number of pixels, in millions, that the file's header may declare.
        page: number of the page, from 0. ImageError if the file cannot be read or is too large.
        """
        channels: Channels = 1 if self.channels == 1 else 3
        picture = read_picture(
            path, channels=channels, max_megapixels=max_megapixels, values=self.range_in, page=page
        )
        if self.range_out and picture.pixels.dtype == np.uint8:  # else 256 levels would be left
            alpha = None if picture.alpha is None else picture.alpha * np.uint16(257)
            picture = replace(picture, pixels=picture.pixels * np.uint16(257), alpha=alpha)
        return replace(picture, written=self.range_out)

    @overload
    def translate(self, image: str | Path | Image.Image) -> Image.Image: ...
    @overload
    def translate(self, image: Array) -> Array: ...
    @overload
    def translate(self, image: Tensor) -> Tensor: ...
    def translate(self, image: object) -> object:
        """Translate one picture to one of the same size and kind.

        A path or a PIL.Image of any mode gives an upright PIL.Image of mode RGB or L. An array
        (H, W, C) of uint8 or uint16, and a tensor (C, H, W) of uint8 or of floats in [0, 1], give
        the same type on the same device. C is the number of input channels; sides are at least 16.

        If the generator has ranges, arrays of any type and images of modes I and F hold values in
        them; in all other images 0 is black and 255 white. ValueError for other shapes and types, a
        file that cannot be read, and an output that is not finite; TypeError for other kinds.
        """
        return kinds.translate(self, image)

    @torch.inference_mode()
    def translate_batch(self, pixels: Tensor) -> list[Tensor | None]:
        """Translate (N, C, H, W) of uint8 or uint16; return a (C, H, W) for each, of that type.

        A picture whose output is not finite gives None.
        """
        unit = self.run_at_size(to_unit(pixels.to(self.device)))
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
        """Translate one picture (C, H, W) as `translate_batch` does, in tiles and bounded memory.

        tile: side of a tile in pixels.
        scratch: folder for temporary files of `scratch_bytes`.
        progress: called with the share of the work that is done, from 0 to 1.

        None if the output is not finite. ValueError for a U-Net or adain, OSError for a full disk.
        """
        own = pixels.shape[-2], pixels.shape[-1]
        height, width = working_size(*own, self.size)
        if (height, width) != own:  # 16 bits keep the precision between sizes
            scaled = to_pixels(scale(to_unit(pixels[None]), (height, width))[0], torch.uint16)
            small = self.at_size(None).translate_tiled(scaled, tile, scratch, progress)
            if small is None:
                return None
            return to_pixels(scale(to_unit(small[None]), own)[0], pixels.dtype)
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
        """Run the network on `unit`, (N, C, H, W) in [-1, 1], in the translator's precision."""
        with self.autocast():
            return cast(Tensor, self.network(unit))

    def run_at_size(self, unit: Tensor) -> Tensor:
        """Call `run` on `unit` at the working size; return the output scaled back to (H, W)."""
        own = unit.shape[-2], unit.shape[-1]
        return scale(self.run(scale(unit, working_size(*own, self.size))), own)

    def compile(self) -> str | None:
        """Compile the network for pictures of any size; return why it failed, or None.

        This takes a minute and runs the network once. Batches of several pictures and other numbers
        of threads compile it again. Outputs differ only by rounding. Tiles are not compiled.
        """
        # Without the padding around it, which would be compiled again for every size.
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
        """Compute in this translator's precision inside the block; fp32 is exact on GPUs, too."""
        with (
            tf32(self.precision == "tf32"),
            torch.autocast(self.device.type, self.dtype, enabled=self.dtype is not None),
        ):
            yield

    def scratch_bytes(self, height: int, width: int) -> int:
        """Return the bytes of disk that `translate_tiled` requires for height x width pixels."""
        return scratch_bytes(self.network, *working_size(height, width, self.size))

    def fits(self, height: int, width: int, count: int = 1) -> bool:
        """Estimate whether `count` pictures of height x width pixels fit into free memory."""
        height, width = working_size(height, width, self.size)
        return memory_of(self.network, count * height * width) < free_memory(self.device)
