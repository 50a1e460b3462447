"""All commands, one row each. A command's code is imported when it is used, so help is fast."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

Code = str | Callable[..., Any]
"""A function or class, or its name: "package.module:attribute"."""


@dataclass(frozen=True)
class Command:
    """The options that `gan NAME` reads, and the function that it calls."""

    options: Code
    """The class of its options: each field is an option, and the text below the field its help."""
    run: Code
    """Called with the options, and with the flags as keyword arguments; returns the exit status."""
    summary: str
    positional: tuple[str, ...] = ("config",)
    """Options whose values may come first, without names, in this order. A list takes all remaining
    words."""
    examples: tuple[str, ...] = ()
    """Examples of arguments, without the command's name."""
    most_used: tuple[str, ...] = ()
    """Options that --help explains; it lists only the names of the others. If empty, --help
    explains all. --help-all always does."""
    resumes: bool = False
    """Whether the same command continues an interrupted one."""
    flags: Mapping[str, str] = field(default_factory=dict)
    """Help of switches outside the options class: its fields would be saved with a run."""


COMMANDS = {
    "prepare": Command(
        options="gan.preparation.options:PrepareOptions",
        run="gan.preparation.command:prepare",
        summary="Make trainA, trainB, testA and testB from folders, tables or videos",
        examples=("--a photos --b paintings --output datasets/monet",),
        most_used=("output", "a", "b", "where_a", "where_b", "limit", "test", "link", "dry_run"),
        resumes=True,
    ),
    "train": Command(
        options="gan.config:Config",
        run="gan.training.api:train_command",
        summary="Train a CycleGAN, or another recipe, or resume the run in run.dir",
        examples=(
            "--config small --data.root datasets/monet --run.dir checkpoints/monet --plan",
            "--config small --data.root datasets/monet --run.dir checkpoints/monet",
        ),
        most_used=(
            "config", "data.root", "run.dir", "train.epochs", "train.decay_epochs",
            "train.max_steps", "train.batch_size", "data.load_size", "data.crop_size",
            "loss.identity", "train.precision", "run.device", "plan",
        ),
        resumes=True,
        flags={
            "plan": "Train a few steps in a temporary folder, print the run's estimated time and "
            "memory, and exit."
        },
    ),
    "translate": Command(
        options="gan.inference.folder.options:TranslateOptions",
        run="gan.inference.folder.folder:translate_folder",
        summary="Translate images and clips, or folders of them, with a generator",
        examples=("checkpoints/monet photos paintings --direction ab",),
        most_used=(
            "model", "input", "output", "direction", "size", "format", "compare", "overwrite",
            "dry_run", "device", "precision",
        ),
        positional=("model", "input", "output"),
        resumes=True,
    ),
    "stylize": Command(
        options="gan.stylize.options:StylizeOptions",
        run="gan.stylize.command:stylize",
        summary="Paint a photograph in the style of one or several paintings",
        examples=("--content photo.jpg --style painting.jpg --output out.png",),
        most_used=(
            "content", "style", "output", "method", "size", "strength", "preserve_color",
            "style_scale", "style_weight", "steps", "overwrite", "device",
        ),
    ),
    "inspect": Command(
        options="gan.inspection.options:InspectOptions",
        run="gan.inspection.command:inspect_folders",
        summary="Find what is wrong with a dataset, and how A and B differ",
        examples=("datasets/monet",),
        positional=("root",),
    ),
    "report": Command(
        options="gan.report.options:ReportOptions",
        run="gan.report.command:report",
        summary="Write one HTML file about a run, or one that compares several",
        examples=("checkpoints/monet",),
        positional=("model",),
    ),
    "evaluate": Command(
        options="gan.evaluation.options:EvaluateOptions",
        run="gan.evaluation.command:evaluate_model",
        summary="Measure how good a model's translations are",
        examples=("checkpoints/monet datasets/monet --features mobilenet_v2",),
        most_used=(
            "model", "root", "features", "weights", "directions", "split", "max_images", "output",
            "device", "verbose",
        ),
        positional=("model", "root"),
    ),
    "explain": Command(
        options="gan.explain.options:ExplainOptions",
        run="gan.explain.command:explain",
        summary="Draw a sheet that shows how a model's networks process an image",
        examples=("checkpoints/monet photo.jpg sheet.png --direction ab",),
        positional=("model", "input", "output"),
    ),
    "augment": Command(
        options="gan.augment.options:AugmentOptions",
        run="gan.augment.command:augment",
        summary="Translate a labeled dataset and carry its labels",
        examples=(
            "--model checkpoints/fog --direction ab --format yolo --dataset traffic --output foggy",
        ),
        most_used=(
            "model", "dataset", "format", "output", "direction", "mode", "ratio", "strength",
            "splits", "structure", "keep_rejected", "device",
        ),
        resumes=True,
    ),
    "convert": Command(
        options="gan.export.options:ConvertOptions",
        run="gan.export.command:convert",
        summary="Convert a generator file to our format or the reference's",
        examples=("latest_net_G_A.pth gen_ab.safetensors",),
        positional=("input", "output"),
    ),
    "export": Command(
        options="gan.export.options:ExportOptions",
        run="gan.export.command:export_model",
        summary="Write a generator for another program or for the Hugging Face Hub",
        examples=("checkpoints/monet monet.onnx onnx --direction ab",),
        positional=("model", "output", "format"),
    ),
    "serve": Command(
        options="gan.serve.options:ServeOptions",
        run="gan.serve.command:serve",
        summary="Serve a page that translates pictures, and an HTTP API",
        examples=("checkpoints/monet",),
        positional=("models",),
        most_used=("models", "host", "port", "name", "https", "examples", "marks", "device"),
    ),
}  # fmt: skip
