"""Sections that contradict each other are rejected by key, and accepted once one is changed."""

from typing import Any

import pytest
from pydantic import ValidationError

from gan.config import Config

Values = dict[str, Any]
"""Dotted keys and their values."""

STYLE = {"style.image": "painting.png", "loss.style": 1.0}
ADAIN = {"networks.generator": "adain", "loss.style": 1.0}
EVERY = {"data.root": "photos", "evaluate.every": 5}


def config(values: Values) -> Config:
    sections: dict[str, Values] = {}
    for name, value in values.items():
        section, _, key = name.partition(".")
        sections.setdefault(section, {})[key] = value
    return Config.model_validate(sections)


@pytest.mark.parametrize(("values", "message", "cure"), [
    # Only ResNets have blur layers.
    ({"networks.generator": "unet_256", "networks.upsample": "blur"},
     "networks.upsample blur is for ResNet generators", {"networks.upsample": "deconv"}),
    ({"networks.generator": "unet_128", "data.crop_size": 128, "networks.downsample": "blur"},
     "networks.downsample blur is for ResNet generators", {"networks.generator": "resnet_6blocks"}),
    (ADAIN | {"networks.upsample": "blur"},
     "with networks.generator adain", {"networks.upsample": "resize"}),
    # A second generator's weights, without a second generator.
    (STYLE | {"networks.weights_ba": "ba.safetensors"},
     "networks.weights_ba is for two generators", {"style.image": None}),
    (ADAIN | {"networks.weights_ba": "ba.safetensors"},
     "networks.weights_ba is for two generators", {"networks.generator": "resnet_9blocks"}),
    # Recomputed blocks.
    ({"train.recompute": True, "networks.generator": "unet_256"},
     "train.recompute is for ResNet generators", {"networks.generator": "resnet_9blocks"}),
    ({"train.fused": True, "networks.generator": "unet_256"},
     "train.fused requires a ResNet generator", {"networks.generator": "resnet_9blocks"}),
    ({"train.fused": True, "networks.norm": "none"},
     "train.fused requires a ResNet generator", {"networks.norm": "instance_affine"}),
    ({"train.recompute": True, "networks.norm": "batch"},
     "networks.norm batch", {"networks.norm": "instance"}),
    ({"loss.adversarial": "wgan_gp", "networks.norm": "batch"},
     "loss.adversarial wgan_gp takes gradients of single images", {"networks.norm": "instance"}),
    ({"loss.adversarial": "wgan_gp", "train.precision": "fp16"},
     "use train.precision bf16, tf32 or fp32", {"train.precision": "bf16"}),
    # What evaluations measure.
    ({"evaluate.every": 5}, "evaluate.every measures the images in testA and testB of data.root",
     {"data.root": "photos"}),
    (ADAIN | EVERY, "evaluate.every: networks.generator adain", {"evaluate.every": None}),
    ({"evaluate.best": "l1_ab"}, "evaluate.best needs evaluate.every", EVERY),
    (EVERY | {"evaluate.best": "l2_ab"}, "evaluate.best: no metric l2_ab",
     {"evaluate.best": "l1_ab"}),
    (EVERY | {"evaluate.patience": 2}, "evaluate.patience needs evaluate.best",
     {"evaluate.best": "l1_ab"}),
    (EVERY | {"evaluate.patience": 2, "evaluate.best": "l1_ab", "evaluate.resamples": 0},
     "evaluate.resamples must be above 0", {"evaluate.resamples": 10}),
    # One style in place of domain B.
    (STYLE | ADAIN, "networks.generator adain cannot learn the style of one painting",
     {"style.image": None}),
    (STYLE | {"data.b": "paintings", "data.a": "photos"},
     "data.b and style.image exclude each other", {"data.b": None}),
    (STYLE | {"loss.style": 0.0}, "style.image needs a loss.style above 0", {"loss.style": 1.0}),
    (STYLE | {"loss.perceptual_cycle": 1.0}, "style.image has no cycle",
     {"loss.perceptual_cycle": 0.0}),
    (STYLE | {"loss.semantic": 1.0}, "loss.semantic is for two generators", {"loss.semantic": 0.0}),
    # Any style of domain B.
    (ADAIN | {"loss.style": 0.0}, "networks.generator adain needs a loss.style above 0",
     {"loss.style": 1.0}),
    (ADAIN | {"loss.perceptual_cycle": 1.0}, "networks.generator adain has no cycle",
     {"loss.perceptual_cycle": 0.0}),
    (ADAIN | {"loss.semantic_ba": 1.0}, "loss.semantic is for two generators",
     {"loss.semantic_ba": 0.0}),
    # Two domains.
    ({"data.b": "paintings"}, "data.a and data.b belong together", {"data.a": "photos"}),
    ({"data.channels_b": 1, "loss.identity": 0.0, "loss.semantic": 1.0},
     "loss.semantic needs data.channels_a == data.channels_b (3 and 1 given)",
     {"data.channels_b": 3}),
    # Crop sizes for the networks.
    ({"networks.discriminator": "n_layers", "networks.discriminator_layers": 5,
      "data.crop_size": 92}, "data.crop_size (92) must be at least 96", {"data.crop_size": 96}),
    ({"data.crop_size": 20}, "must be at least 24 with networks.discriminator basic",
     {"networks.discriminator": "pixel"}),
], ids=str)  # fmt: skip
def test_contradictions_are_rejected_until_one_key_is_changed(
    values: Values, message: str, cure: Values
) -> None:
    with pytest.raises(ValidationError) as caught:
        config(values)
    (error,) = caught.value.errors()
    assert message in error["msg"]
    config(values | cure)
