"""Convert an ONNX file to float16 or to int8; inputs and outputs stay float32."""

import logging
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.float32]
"""(1, C, H, W) in [-1, 1]."""

NORM, CONVOLUTION = "InstanceNormalization", "Conv"
"""Types of ONNX nodes."""


def to_float16(content: bytes, input: str, images: Sequence[Image]) -> bytes:
    """Return a model whose weights and feature maps are float16.

    Instance norms compute in float32: the squares of large maps exceed float16.
    """
    import onnx
    from onnxruntime.transformers import float16

    model = float16.convert_float_to_float16(
        onnx.load_from_string(content),
        keep_io_types=True,
        op_block_list=[*float16.DEFAULT_OP_BLOCK_LIST, NORM],
    )
    # The converter adds a cast for each reader of a value, all with one name (onnxruntime 1.31).
    nodes = {tuple(node.output): node for node in reversed(model.graph.node)}
    kept = list(reversed(nodes.values()))
    del model.graph.node[:]
    model.graph.node.extend(kept)
    return _serialized(model)


def to_int8(content: bytes, input: str, images: Sequence[Image]) -> bytes:
    """Return a model whose convolutions multiply 8-bit integers; all else stays float32.

    Static quantization in QDQ form (Jacob et al. 2018). Each convolution's input has one scale and
    one zero point, from the range of its values for `images`; weights have a scale per output map.
    The last convolution stays float32 because its output is the picture. So do transposed
    convolutions: onnxruntime has no integer kernel for them on CPUs.
    """
    import onnx
    from onnxruntime.quantization import (
        CalibrationDataReader,
        QuantFormat,
        QuantType,
        quantize_static,
    )

    class Pictures(CalibrationDataReader):  # type: ignore[misc]
        def __init__(self) -> None:
            self.left = iter(images)

        def get_next(self) -> dict[str, Image] | None:
            image = next(self.left, None)
            return None if image is None else {input: image}

    model = onnx.load_from_string(content)
    described = [(entry.key, entry.value) for entry in model.metadata_props]
    convolutions = [node.name for node in model.graph.node if node.op_type == CONVOLUTION]
    with tempfile.TemporaryDirectory() as folder, _quiet():
        file = Path(folder) / "model.onnx"
        quantize_static(
            model,
            file,
            Pictures(),
            quant_format=QuantFormat.QDQ,
            per_channel=True,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            op_types_to_quantize=[CONVOLUTION],
            nodes_to_exclude=convolutions[-1:],
        )
        quantized = onnx.load(file)
    del quantized.metadata_props[:]  # the quantizer adds its own entry
    for key, value in described:
        quantized.metadata_props.add(key=key, value=value)
    return _serialized(quantized)


def _serialized(model: Any) -> bytes:
    content: bytes = model.SerializeToString()
    return content


@contextmanager
def _quiet() -> Iterator[None]:
    """Silence the quantizer's advice about its own command line."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        yield
    finally:
        logging.disable(before)
