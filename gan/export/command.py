"""The commands `gan export` and `gan convert`."""

import os
from pathlib import Path

from gan.config import Direction
from gan.export.formats import FORMATS, Format, check_format
from gan.interop import open_generator
from gan.translator import find_generator


def export_model(
    model: Path,
    output: Path,
    format: Format,
    direction: Direction | None = None,
    part: str | None = None,
    overwrite: bool = False,
) -> int:
    """Write a generator for another program: safetensors, the reference's, ONNX or torch.export.

    ONNX files and programs take batches and pictures of any size; before one is written, it is run
    and compared with the network. ValueError names what cannot be read or expressed.

    Args:
        model: Run directory, or a generator's file of any kind that gan convert opens.
        output: The file to write.
        format: safetensors is ours, reference a .pth for its test.py, program torch.export's.
        direction: ab or ba; needed where the model holds both.
        part: Name of the generator in a file that holds several.
        overwrite: Write over a file that is there.
    """
    if os.path.lexists(output) and not overwrite:
        raise ValueError(f"{output}: is there already; name another, or give --overwrite")
    if output.exists() and output.samefile(model):
        raise ValueError(f"{output}: would replace the generator that it is made of")
    opened = open_generator(find_generator(model, direction), direction, part)
    check_format(output, opened, format)
    _, write = FORMATS[format]
    output.parent.mkdir(parents=True, exist_ok=True)
    try:
        remark = write(output, opened)
    except ValueError as error:
        text = str(error)
        raise ValueError(text if str(output) in text else f"{output}: {text}") from error
    spec = opened.spec
    network = f"{spec['kind']}, {spec['channels']} channels, norm {spec.get('norm', 'its own')}"
    print(f"{output}: {network}; {remark}")
    return 0


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
    formats = {suffix: name for name, (suffix, _) in FORMATS.items()}
    if output.suffix not in formats:
        known = ", ".join(formats).replace(".", "")
        raise ValueError(f"{output}: its suffix must say the format: {known}")
    return export_model(input, output, formats[output.suffix], direction, part, overwrite)
