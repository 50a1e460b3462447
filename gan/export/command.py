"""The commands `gan export` and `gan convert`."""

import os
from collections.abc import Callable
from pathlib import Path

from gan.domains import Direction
from gan.export.formats import FORMATS, check_format, onnx_content
from gan.export.options import ConvertOptions, ExportOptions
from gan.export.precision import write_reduced
from gan.export.web.runtime import read_runtime
from gan.export.web.site import Model, check_folder, check_shown, label_of, write_site
from gan.interop import (
    Opened,
    StyleChoice,
    find_generator,
    generators_in,
    in_words,
    open_generator,
    push,
    with_style,
    write_model,
)


def export_model(options: ExportOptions) -> int:
    """Write a generator in the chosen format, print what was written and return 0.

    ValueError if the model cannot be opened, does not fit the format, or the output exists or has
    another suffix.
    """
    if write_folder := FOLDERS.get(options.format):
        write_folder(options)
        return 0
    model, output, format = options.model, options.output, options.format
    suffix, write = FORMATS[format]
    if output.suffix != suffix:
        raise ValueError(f"{output}: a file of format {format} must end in {suffix}")
    if os.path.lexists(output) and not options.overwrite:
        raise ValueError(f"{output}: exists already; name another file, or add --overwrite")
    if output.exists() and output.samefile(model):
        raise ValueError(f"{output}: would replace the input generator; name another file")
    opened = _opened(find_generator(model, options.direction), options)
    check_format(output, opened, format)
    output.parent.mkdir(parents=True, exist_ok=True)
    try:
        reduced = options.precision != "fp32"
        remark = write_reduced(output, opened, options) if reduced else write(output, opened)
    except ValueError as error:
        text = str(error)
        named = str(output) in text or text.startswith("calibrate: ")
        raise ValueError(text if named else f"{output}: {text}") from error
    print(f"{output}: {in_words(opened.spec)}; {remark}")
    return 0


def _opened(file: Path, options: ExportOptions) -> Opened:
    """Open a generator; keep one style if one is chosen or if the format cannot hold several."""
    opened = open_generator(file, options.direction, options.part)
    choice = StyleChoice(options.style_index, options.style_blend)
    return with_style(opened, choice, file) if choice or options.format in FIXED else opened


def _files(options: ExportOptions) -> list[Path]:
    """Return the files of a run's generators, or that of the chosen direction."""
    found = {} if options.direction else generators_in(options.model)
    return list(found.values()) or [find_generator(options.model, options.direction)]


def _export_hub(options: ExportOptions) -> None:
    """Write generators with a model card; then upload the folder if `push` is set."""
    folder, files = options.output, _files(options)
    kept = (folder / "README.md").exists()
    write_model(folder, files, options.license, overwrite=options.overwrite)
    if kept:
        print(f"{folder / 'README.md'}: existed and was kept")
    print(f"{folder}: {', '.join(sorted(path.name for path in folder.iterdir()))}")
    if options.push:
        try:
            print(push(folder, options.push))
        except ValueError as error:
            raise ValueError(
                f"{error}; {folder} is written. To upload it, run the same command with "
                "--overwrite true"
            ) from error


def _export_web(options: ExportOptions) -> None:
    """Write generators with a page that runs them in a browser."""
    folder = options.output
    check_folder(folder, overwrite=options.overwrite)
    runtime = read_runtime(options.runtime)
    models: dict[Direction, Model] = {}
    for file in _files(options):
        opened = _opened(file, options)
        check_format(file, opened, "web")
        check_shown(file, opened)
        direction = opened.about.get("direction", "ab")
        content, remark = onnx_content(file, opened)
        label = label_of(file.parent, direction)
        models[direction] = Model(direction, label, opened, content)
        print(f"{models[direction].file}: {in_words(opened.spec)}; {remark}")
    size = write_site(folder, list(models.values()), runtime)
    print(
        f"{folder}: {size / 1e6:.0f} MB for any web server; to try it here: "
        f"python -m http.server --directory {folder}"
    )


FIXED = ("reference", "onnx", "program", "web")
"""Formats that hold one style only."""
FOLDERS: dict[str, Callable[[ExportOptions], None]] = {"hub": _export_hub, "web": _export_web}
"""The function for each format that is a folder, which may hold both directions."""


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
