"""What generators are exported to, each format a function that writes one file."""

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.fx.experimental import _config

from gan.config.choices import MIN_SIDE, ExportFormat
from gan.config.tables.generators import generator_row
from gan.export.graph import traced
from gan.export.parity import parity
from gan.interop import Opened, reference_options, write_reference
from gan.networks.files import KEY, VERSION, save_generator
from gan.system.atomic import write_whole

INPUT, OUTPUT = "image", "translation"
"""What goes into an ONNX file and what comes out, by name."""


def write_ours(path: Path, opened: Opened) -> str:
    """Our own file, which describes itself."""
    save_generator(opened.network.state_dict(), path, opened.spec, opened.about)
    return "safetensors, opens with gan.Translator.load"


def write_theirs(path: Path, opened: Opened) -> str:
    """The reference's file, or CUT's."""
    write_reference(path, opened.network, opened.spec)
    return f"for test.py, as latest_net_G.pth: {reference_options(opened.spec)}"


def write_onnx(path: Path, opened: Opened) -> str:
    """ONNX: any batch, height and width, the size rule inside, what it takes in its metadata.

    ValueError where onnx is not installed, or onnxruntime's result is not the network's.
    """
    try:
        import onnxruntime
        import onnxscript  # noqa: F401, which torch.onnx needs
    except ImportError as error:
        raise ValueError(
            f"format onnx needs pip install 'gan-translation[export]' ({error})"
        ) from error
    channels = opened.spec["in_channels"]
    program = torch.onnx.export(
        traced(opened.network, channels, generator_row(opened.spec["kind"]).size_multiple),
        dynamo=True,
        verbose=False,
        input_names=[INPUT],
        output_names=[OUTPUT],
    )
    assert program is not None
    content = anonymous(program.model_proto, description(opened)).SerializeToString()
    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])

    def run(image: Tensor) -> Tensor:
        return torch.from_numpy(session.run(None, {INPUT: image.numpy()})[0])

    return checked(path, opened, run, content, "onnxruntime")


def write_program(path: Path, opened: Opened) -> str:
    """A torch.export program, for torch alone; what it takes beside it as gan_generator.json."""
    multiple = generator_row(opened.spec["kind"]).size_multiple
    # A U-Net's innermost maps may be one pixel: only so the program holds for them too.
    one_pixel = multiple >= MIN_SIDE
    with _config.patch(backed_size_oblivious=one_pixel):  # type: ignore[attr-defined]
        program = traced(opened.network, opened.spec["in_channels"], multiple)
    for node in program.graph.nodes:  # which files of this machine a layer was called from
        node.meta.pop("stack_trace", None)
    buffer = io.BytesIO()
    torch.export.save(program, buffer, extra_files={f"{KEY}.json": json.dumps(description(opened))})
    loaded = torch.export.load(io.BytesIO(buffer.getvalue())).module()
    return checked(path, opened, loaded, buffer.getvalue(), "torch.export.load")


def checked(
    path: Path, opened: Opened, run: Callable[[Tensor], Tensor], content: bytes, reader: str
) -> str:
    """Write what does the same as the network; ValueError names the file where it does not."""
    try:
        difference = parity(opened.network, run, opened.spec["in_channels"])
    except ValueError as error:
        raise ValueError(f"{path}: not written, {reader} {error}") from error
    write_whole(path, lambda file: file.write(content))
    return f"{reader} and the network differ by {difference:.1e} at most"


def description(opened: Opened) -> dict[str, str]:
    """What a file takes and gives, and what generator it is."""
    inside, outside = (
        {1: "grey", 3: "RGB"}.get(opened.spec[key], f"{opened.spec[key]} channels")
        for key in ("in_channels", "out_channels")
    )
    return {
        INPUT: f"float32 (N, C, H, W), {inside}, value / 127.5 - 1; any N, any H and W from 16",
        OUTPUT: f"float32 (N, C, H, W), {outside}, the same N, H and W; (x + 1) * 127.5, rounded",
        KEY: json.dumps({"version": VERSION, "generator": opened.spec, "about": opened.about}),
    }


def anonymous(model: Any, metadata: dict[str, str]) -> Any:
    """An ONNX model with our metadata, and without the paths of the machine that it was made on."""
    for graph in [model.graph, *model.functions]:
        del graph.metadata_props[:]
        for node in graph.node:
            del node.metadata_props[:]
            node.doc_string = ""
    for value in [*model.graph.input, *model.graph.output, *model.graph.value_info]:
        del value.metadata_props[:]
    del model.metadata_props[:]
    model.doc_string = "An unpaired image-to-image generator"
    for key, value in metadata.items():
        model.metadata_props.add(key=key, value=value)
    return model


FORMATS: dict[ExportFormat, tuple[str, Callable[[Path, Opened], str]]] = {
    "safetensors": (".safetensors", write_ours),
    "reference": (".pth", write_theirs),
    "onnx": (".onnx", write_onnx),
    "program": (".pt2", write_program),
}
"""The suffix of each, and what writes it and says a word about it."""


def check_format(path: Path, opened: Opened, format: ExportFormat) -> None:
    """ValueError where a generator cannot be written so, before anything is."""
    if generator_row(opened.spec["kind"]).takes_style and format != "safetensors":
        raise ValueError(
            f"{path}: a generator that takes a style image is written as safetensors only"
        )
