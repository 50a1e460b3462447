"""The formats to which generators are exported; a function for each writes one file."""

import io
import json
from collections import OrderedDict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.fx.experimental import _config

from gan.config.choices import MIN_SIDE, ExportFormat, FolderFormat
from gan.config.tables.generators import GENERATORS, generator_row
from gan.export.graph import traced
from gan.interop import Opened
from gan.networks.files import KEY, VERSION, save_generator
from gan.system.atomic import write_whole

INPUT, OUTPUT = "image", "translation"
"""Names of the input and the output of an ONNX file."""
NORMS = ("instance", "batch", "none")
"""Norms that the reference supports."""
LIMIT = 1e-4
"""Largest allowed difference in [-1, 1]: an 80th of an 8-bit gray level."""
SHAPES = ((1, 32, 48), (2, 33, 18), (1, 64, 30))
"""Batch sizes, heights and widths to compare: some are multiples of a network's size multiple."""


def _write_ours(path: Path, opened: Opened) -> str:
    """Write our own format, which describes its network."""
    save_generator(opened.network.state_dict(), path, opened.spec, opened.about)
    return "safetensors, opens with gan.Translator.load"


def write_reference(path: Path, opened: Opened) -> str:
    """Write a .pth for the reference's test.py, or for CUT's if the generator uses blur filters.

    ValueError if neither supports the network.
    """
    _check_expressible(opened.spec)
    state = OrderedDict(
        (name, tensor.cpu()) for name, tensor in opened.network.state_dict().items()
    )
    write_whole(path, lambda file: torch.save(state, file))
    ranges = {"range_in", "range_out"} & opened.about.keys()
    lost = f"; {' and '.join(sorted(ranges))} cannot be stored in it" if ranges else ""
    return f"for test.py, as latest_net_G.pth: {reference_options(opened.spec)}{lost}"


def _check_expressible(spec: dict[str, Any]) -> None:
    """Raise ValueError if the reference does not support a network."""
    if generator_row(spec["kind"]).reference_name is None:
        offered = [row.reference_name for row in GENERATORS.values() if row.reference_name]
        raise ValueError(f"the reference has no {spec['kind']}: it has {', '.join(offered)}")
    if spec["norm"] not in NORMS:
        raise ValueError(f"the reference has no norm {spec['norm']}: it has {', '.join(NORMS)}")
    if spec["upsample"] == "resize":
        raise ValueError("the reference has no upsample resize: it has deconv, and CUT has blur")


def reference_options(spec: dict[str, Any]) -> str:
    """Return the options of test.py for a generator in a file named latest_net_G.pth."""
    filters = {"no_antialias": spec.get("downsample"), "no_antialias_up": spec["upsample"]}
    cut = "blur" in filters.values()
    words = [
        "contrastive-unpaired-translation: --model cut" if cut else "--model test",
        f"--netG {generator_row(spec['kind']).reference_name} --ngf {spec['channels']}",
        f"{'--normG' if cut else '--norm'} {spec['norm']}",
        f"--input_nc {spec['in_channels']} --output_nc {spec['out_channels']}",
        "" if spec["dropout"] else "--no_dropout",
        *(f"--{name}" for name, value in filters.items() if cut and value != "blur"),
    ]
    return " ".join(filter(None, words))


def _write_onnx(path: Path, opened: Opened) -> str:
    """Write ONNX for any batch size, height and width; metadata describe input and output."""
    content, remark = onnx_content(path, opened)
    write_whole(path, lambda file: file.write(content))
    return remark


def onnx_content(path: Path, opened: Opened) -> tuple[bytes, str]:
    """Return the content of an ONNX file, and a remark with its difference from the network.

    `path` is for messages. ValueError if onnx is not installed, or if onnxruntime's result differs
    from the network's.
    """
    try:
        import onnxruntime
        import onnxscript  # noqa: F401, which torch.onnx needs
    except ImportError as error:
        raise ValueError(
            f"format onnx requires pip install 'gan-translation[export]' ({error})"
        ) from error
    program = torch.onnx.export(
        traced(
            opened.network,
            opened.spec["in_channels"],
            generator_row(opened.spec["kind"]).size_multiple,
        ),
        dynamo=True,
        verbose=False,
        input_names=[INPUT],
        output_names=[OUTPUT],
    )
    assert program is not None
    content = _anonymous(program.model_proto, _description(opened)).SerializeToString()
    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])

    def run(image: Tensor) -> Tensor:
        return torch.from_numpy(session.run(None, {INPUT: image.numpy()})[0])

    return content, _compared(path, opened, run, "onnxruntime")


def _write_program(path: Path, opened: Opened) -> str:
    """Write a torch.export program, which runs with torch alone.

    Its extra file gan_generator.json describes input and output.
    """
    multiple = generator_row(opened.spec["kind"]).size_multiple
    # A U-Net's innermost maps may be one pixel; this makes the program valid for them too.
    with _config.patch(backed_size_oblivious=multiple >= MIN_SIDE):  # type: ignore[attr-defined]
        program = traced(opened.network, opened.spec["in_channels"], multiple)
    for node in program.graph.nodes:  # stack traces hold paths of this machine
        node.meta.pop("stack_trace", None)
    buffer = io.BytesIO()
    torch.export.save(
        program, buffer, extra_files={f"{KEY}.json": json.dumps(_description(opened))}
    )
    loaded = torch.export.load(io.BytesIO(buffer.getvalue())).module()
    remark = _compared(path, opened, loaded, "torch.export.load")
    write_whole(path, lambda file: file.write(buffer.getvalue()))
    return remark


def _compared(path: Path, opened: Opened, run: Callable[[Tensor], Tensor], reader: str) -> str:
    """Return a remark with the largest difference of `run` from the network.

    `run` is an exported network, loaded again; `reader` names, for messages, the function that
    loaded it. ValueError, with the file's name, if the difference exceeds LIMIT.
    """
    try:
        difference = parity(opened.network, run, opened.spec["in_channels"])
    except ValueError as error:
        raise ValueError(f"{path}: not written: loaded by {reader}, it {error}") from error
    return f"{reader} and the network differ by at most {difference:.1e}"


def parity(
    network: nn.Module,
    exported: Callable[[Tensor], Tensor],
    channels: int,
    shapes: Sequence[tuple[int, int, int]] = SHAPES,
) -> float:
    """Return the largest absolute difference of two functions on noise images of several shapes.

    Noise reaches every weight. ValueError if the difference exceeds LIMIT, or if shapes differ.
    """
    draws = torch.Generator().manual_seed(0)
    largest = 0.0
    for count, height, width in shapes:
        image = torch.rand((count, channels, height, width), generator=draws) * 2 - 1
        with torch.no_grad():
            expected = network(image)
        result = exported(image)
        if result.shape != expected.shape:
            raise ValueError(f"returns {tuple(result.shape)} instead of {tuple(expected.shape)}")
        difference = (result - expected).abs().max().item()
        if not difference <= LIMIT:  # also true for NaN
            raise ValueError(f"differs from the network by {difference:.2g}, more than {LIMIT:g}")
        largest = max(largest, difference)
    return largest


def _description(opened: Opened) -> dict[str, str]:
    """Return metadata for a file: its input, its output and the generator's arguments, as text."""
    inside, outside = (
        {1: "gray", 3: "RGB"}.get(opened.spec[key], f"{opened.spec[key]} channels")
        for key in ("in_channels", "out_channels")
    )
    (low, high), (least, most) = (
        opened.about.get(key) or (0, 255) for key in ("range_in", "range_out")
    )
    half, other = (high - low) / 2, (most - least) / 2
    value = f"(value {-low:+g})" if low else "value"
    end = f" {least:+g}" if least else ""
    return {
        INPUT: f"float32 (N, C, H, W), {inside}, {value} / {half:g} - 1; "
        "any N, any H and W from 16",
        OUTPUT: f"float32 (N, C, H, W), {outside}, the same N, H and W; (x + 1) * {other:g}{end}, "
        "rounded",
        KEY: json.dumps({"version": VERSION, "generator": opened.spec, "about": opened.about}),
    }


def _anonymous(model: Any, metadata: dict[str, str]) -> Any:
    """Return an ONNX model with our metadata, and without paths of this machine."""
    graphs = [model.graph, *model.functions]
    nodes = [node for graph in graphs for node in graph.node]
    values = [*model.graph.input, *model.graph.output, *model.graph.value_info]
    for part in (model, *graphs, *nodes, *values):
        del part.metadata_props[:]
    for node in nodes:
        node.doc_string = ""
    model.doc_string = "An unpaired image-to-image generator"
    for key, value in metadata.items():
        model.metadata_props.add(key=key, value=value)
    return model


FORMATS: dict[ExportFormat | FolderFormat, tuple[str, Callable[[Path, Opened], str]]] = {
    "safetensors": (".safetensors", _write_ours),
    "reference": (".pth", write_reference),
    "onnx": (".onnx", _write_onnx),
    "program": (".pt2", _write_program),
}
"""The suffix of each format, and a function that writes it and returns a remark."""


def check_format(path: Path, opened: Opened, format: ExportFormat | FolderFormat) -> None:
    """Raise ValueError if a generator cannot be written in a format."""
    if generator_row(opened.spec["kind"]).takes_style and format != "safetensors":
        raise ValueError(
            f"{path}: a generator that takes a style image can be written as safetensors only"
        )
