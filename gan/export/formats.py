"""What generators are exported to, each format a function that writes one file."""

import io
import json
from collections import OrderedDict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.fx.experimental import _config

from gan.config.choices import MIN_SIDE, ExportFormat
from gan.config.tables.generators import GENERATORS, generator_row
from gan.export.graph import traced
from gan.interop import Opened
from gan.networks.files import KEY, VERSION, save_generator
from gan.system.atomic import write_whole

INPUT, OUTPUT = "image", "translation"
"""What goes into an ONNX file and what comes out, by name."""
NORMS = ("instance", "batch", "none")
"""The reference's."""
LIMIT = 1e-4
"""Largest difference in [-1, 1]: an 80th of a step of 8 bits."""
SHAPES = ((1, 32, 48), (2, 33, 18), (1, 64, 30))
"""Batches, heights and widths that are tried: on the multiple and off it."""


def _write_ours(path: Path, opened: Opened) -> str:
    """Our own file, which describes itself."""
    save_generator(opened.network.state_dict(), path, opened.spec, opened.about)
    return "safetensors, opens with gan.Translator.load"


def write_reference(path: Path, opened: Opened) -> str:
    """Write a .pth that the reference's test.py loads, or CUT's for generators that filter.

    ValueError where neither has such a network.
    """
    _check_expressible(opened.spec)
    state = OrderedDict(
        (name, tensor.cpu()) for name, tensor in opened.network.state_dict().items()
    )
    write_whole(path, lambda file: torch.save(state, file))
    ranges = {"range_in", "range_out"} & opened.about.keys()
    lost = f"; {' and '.join(sorted(ranges))} have no place in it" if ranges else ""
    return f"for test.py, as latest_net_G.pth: {reference_options(opened.spec)}{lost}"


def _check_expressible(spec: dict[str, Any]) -> None:
    """Raise ValueError for what the reference does not have."""
    if generator_row(spec["kind"]).reference_name is None:
        offered = [row.reference_name for row in GENERATORS.values() if row.reference_name]
        raise ValueError(f"the reference has no {spec['kind']}: it has {', '.join(offered)}")
    if spec["norm"] not in NORMS:
        raise ValueError(f"the reference has no norm {spec['norm']}: it has {', '.join(NORMS)}")
    if spec["upsample"] == "resize":
        raise ValueError("the reference has no upsample resize: it has deconv, and CUT has blur")


def reference_options(spec: dict[str, Any]) -> str:
    """Return the options of test.py for a generator whose file is called latest_net_G.pth."""
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
    """Write ONNX: any batch, height and width, the size rule inside, what it takes in its metadata.

    ValueError where onnx is not installed, or onnxruntime's result is not the network's.
    """
    try:
        import onnxruntime
        import onnxscript  # noqa: F401, which torch.onnx needs
    except ImportError as error:
        raise ValueError(
            f"format onnx needs pip install 'gan-translation[export]' ({error})"
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

    return _checked(path, opened, run, content, "onnxruntime")


def _write_program(path: Path, opened: Opened) -> str:
    """Write a torch.export program, for torch alone; what it takes beside it as
    gan_generator.json."""
    multiple = generator_row(opened.spec["kind"]).size_multiple
    # A U-Net's innermost maps may be one pixel: only so the program holds for them too.
    with _config.patch(backed_size_oblivious=multiple >= MIN_SIDE):  # type: ignore[attr-defined]
        program = traced(opened.network, opened.spec["in_channels"], multiple)
    for node in program.graph.nodes:  # which files of this machine a layer was called from
        node.meta.pop("stack_trace", None)
    buffer = io.BytesIO()
    torch.export.save(
        program, buffer, extra_files={f"{KEY}.json": json.dumps(_description(opened))}
    )
    loaded = torch.export.load(io.BytesIO(buffer.getvalue())).module()
    return _checked(path, opened, loaded, buffer.getvalue(), "torch.export.load")


def _checked(
    path: Path, opened: Opened, run: Callable[[Tensor], Tensor], content: bytes, reader: str
) -> str:
    """Write what does the same as the network; ValueError names the file where it does not."""
    try:
        difference = parity(opened.network, run, opened.spec["in_channels"])
    except ValueError as error:
        raise ValueError(f"{path}: not written, {reader} {error}") from error
    write_whole(path, lambda file: file.write(content))
    return f"{reader} and the network differ by {difference:.1e} at most"


def parity(
    network: nn.Module,
    exported: Callable[[Tensor], Tensor],
    channels: int,
    shapes: Sequence[tuple[int, int, int]] = SHAPES,
) -> float:
    """Return the largest difference over pictures of noise; ValueError where it is too large.

    Noise, because it reaches every weight; a function that fails in one of the sizes is rejected
    too.
    """
    draws = torch.Generator().manual_seed(0)
    largest = 0.0
    for count, height, width in shapes:
        image = torch.rand((count, channels, height, width), generator=draws) * 2 - 1
        with torch.no_grad():
            expected = network(image)
        result = exported(image)
        if result.shape != expected.shape:
            raise ValueError(f"gives {tuple(result.shape)} in place of {tuple(expected.shape)}")
        difference = (result - expected).abs().max().item()
        if not difference <= LIMIT:  # nor where it is not a number
            raise ValueError(f"differs from the network by {difference:.2g}, more than {LIMIT:g}")
        largest = max(largest, difference)
    return largest


def _description(opened: Opened) -> dict[str, str]:
    """Return what a file takes and gives, and what generator it is."""
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
    """Return an ONNX model with our metadata, and without the paths of the machine that it was made
    on."""
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


FORMATS: dict[ExportFormat, tuple[str, Callable[[Path, Opened], str]]] = {
    "safetensors": (".safetensors", _write_ours),
    "reference": (".pth", write_reference),
    "onnx": (".onnx", _write_onnx),
    "program": (".pt2", _write_program),
}
"""The suffix of each, and what writes it and returns a word about it."""


def check_format(path: Path, opened: Opened, format: ExportFormat) -> None:
    """Raise ValueError where a generator cannot be written so, before anything is."""
    if generator_row(opened.spec["kind"]).takes_style and format != "safetensors":
        raise ValueError(
            f"{path}: a generator that takes a style image is written as safetensors only"
        )
