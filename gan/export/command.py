"""The commands `gan export` and `gan convert`."""

import os

from gan.export.formats import FORMATS, check_format
from gan.export.options import ConvertOptions, ExportOptions
from gan.interop import (
    find_generator,
    generators_in,
    in_words,
    open_generator,
    push,
    write_model,
)


def export_model(options: ExportOptions) -> int:
    """Write a generator in the chosen format, print what was written and return 0.

    ValueError if a file cannot be read or written.
    """
    if options.format == "hub":
        return _export_folder(options)
    model, output, format = options.model, options.output, options.format
    suffix, write = FORMATS[format]
    if output.suffix != suffix:
        raise ValueError(f"{output}: a file of format {format} must end in {suffix}")
    if os.path.lexists(output) and not options.overwrite:
        raise ValueError(f"{output}: exists already; name another file, or add --overwrite")
    if output.exists() and output.samefile(model):
        raise ValueError(f"{output}: would replace the input generator; name another file")
    opened = open_generator(
        find_generator(model, options.direction), options.direction, options.part
    )
    check_format(output, opened, format)
    output.parent.mkdir(parents=True, exist_ok=True)
    try:
        remark = write(output, opened)
    except ValueError as error:
        text = str(error)
        raise ValueError(text if str(output) in text else f"{output}: {text}") from error
    print(f"{output}: {in_words(opened.spec)}; {remark}")
    return 0


def _export_folder(options: ExportOptions) -> int:
    """Write a run's generators, or that of one direction, with a model card; return 0.

    Then upload the folder if `push` is set.
    """
    model, folder = options.model, options.output
    found = {} if options.direction else generators_in(model)
    files = list(found.values()) or [find_generator(model, options.direction)]
    kept = (folder / "README.md").exists()
    write_model(folder, files, options.license, overwrite=options.overwrite)
    if kept:
        print(f"{folder / 'README.md'}: existed and was kept")
    print(f"{folder}: {', '.join(sorted(path.name for path in folder.iterdir()))}")
    if options.push:
        print(push(folder, options.push))
    return 0


def convert(options: ConvertOptions) -> int:
    """Write a generator of any supported project in the format of the output's suffix; return 0."""
    formats = {suffix: name for name, (suffix, _) in FORMATS.items()}
    if options.output.suffix not in formats:
        raise ValueError(
            f"{options.output}: its suffix must name the format: "
            f"{', '.join(formats).replace('.', '')}"
        )
    return export_model(
        ExportOptions(
            model=options.input,
            format=formats[options.output.suffix],
            **options.model_dump(exclude={"input"}),
        )
    )
