"""Convert ONNX files to float16 and int8; write them if they are close enough to float32."""

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from gan.config.choices import Channels, ExportPrecision
from gan.export.formats import INPUT, SHAPES, onnx_content
from gan.export.options import ExportOptions
from gan.export.quantization import Image, to_float16, to_int8
from gan.images import ImageError, list_images, read_picture
from gan.images.pixels import from_array, to_unit
from gan.inference.working_size import scale, trained_at, working_size
from gan.interop import Opened
from gan.networks.files import ranges_of
from gan.system.atomic import write_whole
from gan.system.text import number_of, printable

Run = Callable[[Image], Image]
"""A function that translates (1, C, H, W) in [-1, 1]."""
Lpips = Callable[[Tensor, Tensor], Tensor]
"""As in gan.metrics.lpips, which is not imported here because it imports torchvision."""
NAMED = 3
"""Largest number of broken pictures that a line names."""
MOST = 32
"""Largest number of pictures to calibrate with, and to measure with."""
LARGEST = 512
"""Shorter side in pixels to which pictures are scaled if the training size is unknown."""
LPIPS_SIDE = 64
"""Smallest side in pixels that LPIPS supports."""


@dataclass(frozen=True)
class Reduced:
    """A precision below float32, and its conversion."""

    convert: Callable[[bytes, str, Sequence[Image]], bytes]
    """Function of the float32 file, its input's name and pictures; it returns the converted
    file."""
    limit: float
    """Largest mean difference from float32, in 8-bit gray levels, if max_loss is not set."""
    calibrated: bool
    """Whether the conversion requires pictures to calibrate with."""


PRECISIONS: dict[ExportPrecision, Reduced] = {
    "fp16": Reduced(to_float16, limit=0.5, calibrated=False),
    "int8": Reduced(to_int8, limit=2.0, calibrated=True),
}


@dataclass(frozen=True)
class Loss:
    """The difference of a converted model from float32, averaged over pictures."""

    gray: float
    """Mean absolute difference in 8-bit gray levels."""
    psnr: float
    """Peak signal-to-noise ratio in dB; inf for equal pictures."""
    lpips: float | None
    """LPIPS with AlexNet; None without AlexNet's weights, or if the pictures are too small."""

    def __str__(self) -> str:
        """Return the numbers as text for a message."""
        perceived = "" if self.lpips is None else f", LPIPS {self.lpips:.4f}"
        return f"{self.gray:.2f} gray levels on average (PSNR {self.psnr:.1f} dB{perceived})"


def write_reduced(path: Path, opened: Opened, options: ExportOptions) -> str:
    """Write an ONNX file in options.precision; return a remark with its difference from float32.

    The pictures of options.calibrate calibrate and measure in turn; without a folder, noise is
    translated. ValueError if the folder has too few pictures, or if the mean difference exceeds
    options.max_loss.
    """
    from gan.metrics.lpips import open_lpips

    row = PRECISIONS[options.precision]
    shown, measure, where = _noise(opened), _noise(opened), "noise"
    if options.calibrate is not None:
        pictures = read_pictures(options.calibrate, opened)
        shown, measure = pictures[::2], pictures[1::2]
        where = f"{len(measure)} pictures of {options.calibrate}"
    content, parity = onnx_content(path, opened)
    reduced = row.convert(content, INPUT, shown)
    lpips = open_lpips({"alexnet": options.lpips_alex}, torch.device("cpu")).get("alexnet")
    loss = measured(opener(content), opener(reduced), measure, lpips)
    limit = row.limit if options.max_loss is None else options.max_loss
    if not loss.gray <= limit:  # also true for NaN
        advice = "calibrate with pictures like those to translate, or" if row.calibrated else ""
        raise ValueError(
            f"{path}: not written: {options.precision} differs from float32 by {loss} on {where}, "
            f"more than max_loss {limit:g}: {advice} set --max_loss higher".replace(":  ", ": ")
        )
    write_whole(path, lambda file: file.write(reduced))
    size = f"{len(reduced) / 1e6:.2f} MB instead of {len(content) / 1e6:.2f}"
    return f"{options.precision} and float32 differ by {loss} on {where}; {size}; {parity}"


def read_pictures(folder: Path, opened: Opened) -> list[Image]:
    """Return up to 2 * MOST pictures from all parts of a folder, as the network's inputs.

    They are scaled to the size of the training images. A line on stderr names unreadable pictures.
    ValueError if fewer than two can be read.
    """
    try:
        files = list_images(folder)
    except ValueError as error:
        raise ValueError(f"calibrate: {error}") from error
    images, broken = [], list[str]()
    for path in files[:: -(-len(files) // (2 * MOST)) or 1]:
        try:
            images.append(_read(path, opened))
        except ImageError as error:
            broken.append(str(error))
    named = "; ".join(broken[:NAMED]) + ("; ..." if len(broken) > NAMED else "")
    skipped = f"{number_of(len(broken), 'pictures')} skipped: {named}" if broken else ""
    if len(images) < 2:
        found = f"{folder} has {number_of(len(images), 'pictures')}; at least two are required"
        raise ValueError(f"calibrate: {found}" + (f"; {skipped}" if broken else ""))
    if broken:
        print(printable(f"calibrate: {skipped}"), file=sys.stderr)
    return images


def _read(path: Path, opened: Opened) -> Image:
    """Return a picture as the network's input; ImageError if it cannot be read."""
    channels: Channels = 1 if opened.spec["in_channels"] == 1 else 3
    values, _ = ranges_of(opened.about, path)
    unit = to_unit(from_array(read_picture(path, channels=channels, values=values).pixels)[None])
    height, width = unit.shape[-2:]
    size = trained_at(opened.about) or min(LARGEST, height, width)
    return scale(unit, working_size(height, width, size)).numpy()


def _noise(opened: Opened) -> list[Image]:
    draws = np.random.default_rng(0)
    return [
        draws.uniform(-1, 1, (1, opened.spec["in_channels"], *side)).astype(np.float32)
        for _, *side in SHAPES
    ]


def measured(exact: Run, reduced: Run, images: Sequence[Image], lpips: Lpips | None) -> Loss:
    """Return the mean difference between two models' translations of the images, (1, C, H, W)."""
    grays, squares, perceived = [], [], []
    for image in images:
        one, other = exact(image), reduced(image)
        apart = (one - other) * 127.5
        grays.append(np.abs(apart).mean())
        squares.append((apart**2).mean())
        if lpips is not None and min(image.shape[-2:]) >= LPIPS_SIDE:
            pair = (torch.from_numpy(each).clamp(-1, 1) for each in (one, other))
            perceived.append(lpips(*pair).item())
    error = float(np.mean(squares))
    psnr = 10 * float(np.log10(255**2 / error)) if error else float("inf")
    return Loss(float(np.mean(grays)), psnr, float(np.mean(perceived)) if perceived else None)


def opener(content: bytes, threads: int = 0) -> Run:
    """Return a function that runs an ONNX file with onnxruntime on the CPU.

    threads: number of threads; 0 is one per core. Idle threads sleep, since spinning would count as
    work.
    """
    import onnxruntime

    settings = onnxruntime.SessionOptions()
    settings.intra_op_num_threads = threads
    settings.add_session_config_entry("session.intra_op.allow_spinning", "0")
    settings.log_severity_level = 3  # not its warnings about float16 on CPUs
    session = onnxruntime.InferenceSession(content, settings, providers=["CPUExecutionProvider"])

    def run(image: Image) -> Image:
        result: Image = session.run(None, {INPUT: image})[0]
        return result

    return run
