"""The options of `gan export` and `gan convert`: the text below a field is its help."""

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from gan.config import Section
from gan.config.choices import ExportFormat, ExportPrecision, FolderFormat, StyleName
from gan.domains import Direction

UNKNOWN = "unknown"
"""The default license."""


class ExportOptions(Section):
    """A generator, and the file to write.

    Formats hub and web write a folder with the generators of both directions, or of one. ONNX files
    and programs take batches and pictures of any size. Each is run and compared with the network
    before it is written.
    """

    model: Path
    """Run directory, or a file of a generator, of any kind that gan convert opens."""
    output: Path
    """File to write. For formats hub and web, the folder."""
    format: Literal[ExportFormat, FolderFormat]
    """What to write. safetensors: our own file. reference: a .pth for the reference's test.py.
    onnx: an ONNX file. program: a program of torch.export. hub: a folder for the Hugging Face
    Hub. web: a folder for any web server, whose page translates in the browser."""
    direction: Direction | None = None
    """ab or ba. Required if the model holds both, except for formats hub and web."""
    part: str | None = None
    """Name of the generator in a file that holds several."""
    style_index: StyleName | None = None
    """Number (from 0) or name of the style to write, for a generator with several. Formats
    safetensors and hub can keep all styles."""
    style_blend: str | None = None
    """Mixture of styles to write: each style with its weight, for instance 0:0.5,3:0.5."""
    overwrite: bool = False
    """Replace a file that exists. A README.md is never replaced."""
    license: str = UNKNOWN
    """License of the weights for the model card of format hub, as an identifier of the Hub, for
    instance mit or cc0-1.0."""
    push: str | None = None
    """Upload the folder of format hub to this repository, USER/NAME."""
    runtime: Path | None = None
    """For format web: the unpacked package onnxruntime-web of npm, or its .tgz. Without it, npm
    downloads the package."""
    precision: ExportPrecision = "fp32"
    """For format onnx: fp32; fp16, half the size; int8, a quarter of the size and faster on most
    processors. A file in fp16 or int8 is not written if it differs too much from fp32."""
    calibrate: Path | None = None
    """Folder of pictures like those to translate. For int8, half of them set the ranges of the
    integers, and the other half measures the difference from fp32. fp16 uses the other half
    only."""
    max_loss: Annotated[float, Field(ge=0, allow_inf_nan=False)] | None = None
    """For fp16 and int8: largest mean difference from fp32, in 8-bit gray levels. If not set,
    0.5 for fp16 and 2 for int8."""
    lpips_alex: Path | None = None
    """For fp16 and int8: file with the convolutions of torchvision's AlexNet, to print LPIPS as
    well. If not set, the file in torch's cache."""

    @model_validator(mode="after")
    def check(self) -> Self:
        if self.format == "hub" and self.part is not None:
            raise ValueError(
                "part: not supported by hub: first run gan convert FILE OUT --part NAME"
            )
        if self.format == "hub" and (self.style_index is not None or self.style_blend is not None):
            raise ValueError(
                "style_index and style_blend: format hub writes all styles: remove them, or first "
                "run gan convert RUN OUT --style_index NUMBER"
            )
        for key, format in {"license": "hub", "push": "hub", "runtime": "web"}.items():
            if getattr(self, key) not in (None, UNKNOWN) and self.format != format:
                raise ValueError(f"{key} is for format {format}, not {self.format}: remove it")
        if self.precision != "fp32" and self.format != "onnx":
            raise ValueError(
                f"precision {self.precision} is for format onnx, not {self.format}: remove it"
            )
        if self.precision == "int8" and self.calibrate is None:
            raise ValueError("precision int8 requires --calibrate FOLDER, a folder of pictures")
        for key in ("calibrate", "max_loss", "lpips_alex"):
            if getattr(self, key) is not None and self.precision == "fp32":
                raise ValueError(f"{key} is for precision fp16 and int8: set --precision int8")
        return self


class ConvertOptions(Section):
    """A generator of any supported project, and the file to write.

    Opens our run directories and files, the .pth files of the reference, CUT, MMagic and joliGEN,
    and others of the same form, alone or in a dictionary. No code in a file is run. The suffix of
    the output names the format, for instance .safetensors, .pth, .onnx or .pt2.
    """

    input: Path
    """File to convert, or a run directory."""
    output: Path
    """File to write."""
    direction: Direction | None = None
    """ab or ba. Required if the input holds both."""
    part: str | None = None
    """Name of the generator in a file that holds several."""
    style_index: StyleName | None = None
    """Number (from 0) or name of the style to write, for a generator with several. A
    .safetensors file can keep all styles."""
    style_blend: str | None = None
    """Mixture of styles to write: each style with its weight, for instance 0:0.5,3:0.5."""
    overwrite: bool = False
    """Replace a file that exists."""
