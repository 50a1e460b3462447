"""The commands `gan export` and `gan convert`."""

import os
from pathlib import Path
from typing import Literal

from gan.config import Direction
from gan.export.formats import FORMATS, Format, check_format
from gan.interop import open_generator, write_model
from gan.interop import push as push_folder
from gan.translator import find_generator, generators_in


def export_model(
    model: Path,
    output: Path,
    format: Format | Literal["hub"],
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
        overwrite: Write over a file that is there.
        license: Of the weights, for the model card: an identifier of the Hub, as mit or cc0-1.0.
        push: With hub, upload the folder as this repository, user/name.
    """
    if format == "hub":
        return export_folder(model, output, direction, license, push)
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


def export_folder(
    model: Path, folder: Path, direction: Direction | None, license: str, repository: str | None
) -> int:
    """Write a run's generators, or those of one direction, with a model card; upload them."""
    if model.is_dir() and direction is None and (found := generators_in(model)):
        files = list(found.values())
    else:
        files = [find_generator(model, direction)]
    write_model(folder, files, license)
    print(f"{folder}: {', '.join(sorted(path.name for path in folder.iterdir()))}")
    if repository:
        print(push_folder(folder, repository))
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
