"""What `gan export` and `gan convert` take."""

from pathlib import Path
from typing import Literal

from gan.config.choices import ExportFormat
from gan.domains import Direction


def export_model(
    model: Path,
    output: Path,
    format: ExportFormat | Literal["hub"],
    direction: Direction | None = None,
    part: str | None = None,
    overwrite: bool = False,
    license: str = "unknown",
    push: str | None = None,
) -> int:
    """Write a generator for another program: safetensors, the reference's, ONNX or torch.export.

    hub writes a folder with the generators of both directions and a model card.

    ONNX files and programs take batches and pictures of any size; before one is written, it is run
    and compared with the network. ValueError names what cannot be read or expressed.

    Args:
        model: Run directory, or a generator's file of any kind that gan convert opens.
        output: The file to write; for hub the folder.
        format: safetensors is ours, reference a .pth for its test.py, program torch.export's, hub
            a folder for the Hugging Face Hub.
        direction: ab or ba; needed where the model holds both.
        part: Name of the generator in a file that holds several.
        overwrite: Write over a file that is there; a README.md always stays.
        license: With hub, of the weights, for the model card: an identifier of the Hub, as mit or
            cc0-1.0.
        push: With hub, upload the folder as this repository, user/name.
    """
    given = locals()
    from gan.export.command import write_generator  # torch, which --help can do without

    return write_generator(**given)


def convert(
    input: Path,
    output: Path,
    direction: Direction | None = None,
    part: str | None = None,
    overwrite: bool = False,
) -> int:
    """Turn anybody's generator into ours (.safetensors), or into the reference's (.pth).

    Opened are run directories and files of ours; the reference's, CUT's, MMagic's and joliGEN's
    .pth, and what else has the form of theirs, alone or in a dictionary. Nothing in a file is run.
    The suffix of the output says what is written, .onnx and .pt2 too.

    Args:
        input: The file, or a run directory.
        output: The file to write.
        direction: ab or ba; needed where the input holds both.
        part: Name of the generator in a file that holds several.
        overwrite: Write over a file that is there.
    """
    given = locals()
    from gan.export.command import write_converted  # torch, which --help can do without

    return write_converted(**given)
