"""Translate an image with an exported generator, with onnxruntime, NumPy and Pillow only.

python translate_onnx.py generator.onnx photograph.jpg painting.png
"""

import sys

import numpy as np
import onnxruntime
from PIL import Image, ImageOps

model, source, target = sys.argv[1:]
session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
grey = session.get_inputs()[0].shape[1] == 1
image = ImageOps.exif_transpose(Image.open(source)).convert("L" if grey else "RGB")
pixels = np.asarray(image, np.float32).reshape(image.height, image.width, -1)
unit = (pixels / 127.5 - 1).transpose(2, 0, 1)[None]  # (1, channels, height, width) in [-1, 1]
(result,) = session.run(None, {"image": unit})
painted = ((result[0] + 1) * 127.5).round().clip(0, 255).astype(np.uint8).transpose(1, 2, 0)
Image.fromarray(painted[..., 0] if painted.shape[2] == 1 else painted).save(target)
