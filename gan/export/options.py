"""The options of `gan export` and `gan convert`: the text below a field is its help."""

from pathlib import Path
from typing import Literal, Self

from pydantic import model_validator

from gan.config import Section
from gan.config.choices import ExportFormat
from gan.domains import Direction

UNKNOWN = "unknown"
"""The license where none is given."""


class ExportOptions(Section):
    """A generator, and the file to write.

    hub writes a folder with the generators of both directions and a model card. ONNX files and
    programs take batches and pictures of any size; before one is written, it is run and compared
    with the network.
    """

    model: Path
    """Run directory, or a generator's file of any kind that gan convert opens."""
    output: Path
    """The file to write; for hub the folder."""
    format: Literal[ExportFormat, "hub"]
    """safetensors is ours, reference a .pth for its test.py, program torch.export's, hub a folder
    for the Hugging Face Hub."""
    direction: Direction | None = None
    """ab or ba; needed where the model holds both."""
    part: str | None = None
    """Name of the generator in a file that holds several."""
    overwrite: bool = False
    """Write over a file that is there; a README.md always stays."""
    license: str = UNKNOWN
    """With hub, of the weights, for the model card: an identifier of the Hub, as mit or cc0-1.0."""
    push: str | None = None
    """With hub, upload the folder as this repository, user/name."""

    @model_validator(mode="after")
    def check(self) -> Self:
        if self.format == "hub" and self.part is not None:
            raise ValueError("part: hub takes none: gan convert FILE OUT --part makes a file of it")
        for key, given in {"license": self.license != UNKNOWN, "push": self.push}.items():
            if given and self.format != "hub":
                raise ValueError(f"{key} is for format hub, not {self.format}: remove it")
        return self


class ConvertOptions(Section):
    """A generator of any kind, and the file to write.

    Opened are run directories and files of ours; the reference's, CUT's, MMagic's and joliGEN's
    .pth, and what else has the form of theirs, alone or in a dictionary. Nothing in a file is run.
    The suffix of the output names the format, .onnx and .pt2 too.
    """

    input: Path
    """The file, or a run directory."""
    output: Path
    """The file to write."""
    direction: Direction | None = None
    """ab or ba; needed where the input holds both."""
    part: str | None = None
    """Name of the generator in a file that holds several."""
    overwrite: bool = False
    """Write over a file that is there."""
