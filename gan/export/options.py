"""The options of `gan export` and `gan convert`: the text below a field is its help."""

from pathlib import Path
from typing import Literal, Self

from pydantic import model_validator

from gan.config import Section
from gan.config.choices import ExportFormat
from gan.domains import Direction

UNKNOWN = "unknown"
"""The default license."""


class ExportOptions(Section):
    """A generator, and the file to write.

    hub writes a folder with the generators of both directions and a model card. ONNX files and
    programs take batches and images of any size; they are compared with the network before they
    are written.
    """

    model: Path
    """Run directory, or a generator's file that gan convert supports."""
    output: Path
    """The file to write; for hub, the folder."""
    format: Literal[ExportFormat, "hub"]
    """safetensors is our format, reference a .pth for the reference's test.py, program a
    torch.export program, hub a folder for the Hugging Face Hub."""
    direction: Direction | None = None
    """ab or ba; required if the model holds both."""
    part: str | None = None
    """Name of the generator in a file that holds several."""
    overwrite: bool = False
    """Replace an existing file; a README.md is always kept."""
    license: str = UNKNOWN
    """With hub, the license of the weights, an identifier of the Hub such as mit or cc0-1.0."""
    push: str | None = None
    """With hub, upload the folder as this repository, user/name."""

    @model_validator(mode="after")
    def check(self) -> Self:
        if self.format == "hub" and self.part is not None:
            raise ValueError(
                "part: not supported by hub: first run gan convert FILE OUT --part NAME"
            )
        for key, given in {"license": self.license != UNKNOWN, "push": self.push}.items():
            if given and self.format != "hub":
                raise ValueError(f"{key} is for format hub, not {self.format}: remove it")
        return self


class ConvertOptions(Section):
    """A generator of any supported project, and the file to write.

    Supported are our run directories and files; the .pth of the reference, CUT, MMagic and joliGEN;
    and other files with their names of tensors, also in a dictionary. Code in a file is never run.
    The suffix of the output chooses the format: .safetensors, .pth, .onnx or .pt2.
    """

    input: Path
    """The file, or a run directory."""
    output: Path
    """The file to write."""
    direction: Direction | None = None
    """ab or ba; required if the input holds both."""
    part: str | None = None
    """Name of the generator in a file that holds several."""
    overwrite: bool = False
    """Replace an existing file."""
