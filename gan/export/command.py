"""The commands `gan export` and `gan convert`."""

import os
from pathlib import Path
from typing import Literal

from gan.config.choices import ExportFormat
from gan.domains import Direction
from gan.export.formats import FORMATS, check_format
from gan.interop import find_generator, generators_in, open_generator, write_model
from gan.interop import push as push_folder

UNKNOWN = "unknown"
"""The license where none is given."""


def write_generator(
    model: Path,
    output: Path,
    format: ExportFormat | Literal["hub"],
    direction: Direction | None,
    part: str | None,
    overwrite: bool,
    license: str,
    push: str | None,
) -> int:
    """Do what `export_model` of entry.py says; ValueError as there."""
    check_unused_options(format, part, license, push)
    if format == "hub":
        return export_folder(model, output, direction, overwrite, license, push)
    suffix, write = FORMATS[format]
    if output.suffix != suffix:
        raise ValueError(f"{output}: a file of format {format} ends in {suffix}")
    if os.path.lexists(output) and not overwrite:
        raise ValueError(f"{output}: is there already; name another, or give --overwrite")
    if output.exists() and output.samefile(model):
        raise ValueError(f"{output}: would replace the generator that it is made of")
    opened = open_generator(find_generator(model, direction), direction, part)
    check_format(output, opened, format)
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


def check_unused_options(
    format: ExportFormat | Literal["hub"], part: str | None, license: str, push: str | None
) -> None:
    """ValueError for what would be asked in vain."""
    if format == "hub" and part is not None:
        raise ValueError("part: hub takes none: gan convert FILE OUT --part makes a file of it")
    for key, given in {"license": license != UNKNOWN, "push": push is not None}.items():
        if given and format != "hub":
            raise ValueError(f"{key} is for format hub, not {format}: leave it out")


def export_folder(
    model: Path,
    folder: Path,
    direction: Direction | None,
    overwrite: bool,
    license: str,
    repository: str | None,
) -> int:
    """Write a run's generators, or those of one direction, with a model card; upload them."""
    if model.is_dir() and direction is None and (found := generators_in(model)):
        files = list(found.values())
    else:
        files = [find_generator(model, direction)]
    kept = (folder / "README.md").exists()
    write_model(folder, files, license, overwrite=overwrite)
    if kept:
        print(f"{folder / 'README.md'}: was there, stays as it is")
    print(f"{folder}: {', '.join(sorted(path.name for path in folder.iterdir()))}")
    if repository:
        print(push_folder(folder, repository))
    return 0


def write_converted(
    *, input: Path, output: Path, direction: Direction | None, part: str | None, overwrite: bool
) -> int:
    """Do what `convert` of entry.py says; ValueError as there."""
    formats = {suffix: name for name, (suffix, _) in FORMATS.items()}
    if output.suffix not in formats:
        known = ", ".join(formats).replace(".", "")
        raise ValueError(f"{output}: its suffix must say the format: {known}")
    return write_generator(
        input, output, formats[output.suffix], direction, part, overwrite, UNKNOWN, None
    )
