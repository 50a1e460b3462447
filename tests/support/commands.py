"""The commands as functions of keyword arguments: tests name only the options that matter."""

from pathlib import Path
from typing import Any

from gan.cli.main import main
from gan.export import command as export
from gan.export.options import ConvertOptions, ExportOptions
from gan.inference.folder import folder
from gan.inference.folder.options import TranslateOptions
from gan.inspection import command as inspection
from gan.inspection.options import InspectOptions
from gan.report import command as reporting
from gan.report.options import ReportOptions


def translate_folder(model: Path, input: Path, output: Path, **options: Any) -> int:
    return folder.translate_folder(
        TranslateOptions(model=model, input=input, output=output, **options)
    )


def inspect_folders(root: Path | None = None, **options: Any) -> int:
    return inspection.inspect_folders(InspectOptions(root=root, **options))


def export_model(model: Path, output: Path, format: Any, **options: Any) -> int:
    return export.export_model(ExportOptions(model=model, output=output, format=format, **options))


def convert(input: Path, output: Path, **options: Any) -> int:
    return export.convert(ConvertOptions(input=input, output=output, **options))


def report(*model: Path, **options: Any) -> int:
    return reporting.report(ReportOptions(model=list(model), **options))


def status(*words: str) -> int:
    """Return the exit status of `gan WORDS`; 2 if an option is wrong."""
    try:
        return main(words)
    except SystemExit as stopped:
        return int(stopped.code or 0)
