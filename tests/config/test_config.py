"""The configuration: the paper's defaults, contradictions rejected by key, changes named."""

from typing import Any

import pytest
from pydantic import ValidationError

from gan.config import Config, DataConfig, LossConfig, changed_keys
from gan.config.choices import WeightedTerm
from gan.domains import DOMAINS


@pytest.mark.parametrize(("values", "message"), [
    ({"data": {"crop_size": 300}}, "data.crop_size (300) is larger than data.load_size (286)"),
    ({"networks": {"generator": "unet_256"}, "data": {"crop_size": 200}}, "multiple of 256"),
    ({"networks": {"generator": "unet_128"}, "data": {"crop_size": 64}}, "multiple of 128"),
    ({"data": {"crop_size": 254}}, "data.crop_size (254) must be a multiple of 4"),
    ({"data": {"channels_a": 1}}, "loss.identity needs data.channels_a == data.channels_b"),
    ({"data": {"a": "x"}}, "data.a and data.b belong together"),
    ({"data": {"a": "x", "b": "y", "root": "z"}}, "data.root and data.a + data.b exclude"),
    ({"train": {"ema": 1.0}}, "train.ema"),
    ({"loss": {"cycle": float("inf")}}, "loss.cycle"),
    ({"run": {"seed": -1}}, "run.seed"),
])  # fmt: skip
def test_contradictions_and_invalid_values_are_rejected_by_name(
    values: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValidationError) as caught:
        Config.model_validate(values)
    assert message in str(caught.value)


def test_crop_may_exceed_an_unused_load_size() -> None:
    assert DataConfig(resize="none", crop_size=300).crop_size == 300


def test_gray_to_color_is_accepted_without_identity() -> None:
    config = Config.model_validate({"data": {"channels_a": 1}, "loss": {"identity": 0}})
    assert (config.data.channels("a"), config.data.channels("b")) == (1, 3)


def test_weights_of_a_direction_override_the_shared_one() -> None:
    loss = LossConfig(cycle=2, cycle_b=0, identity_a=7)
    terms: list[WeightedTerm] = ["cycle", "identity"]
    assert [loss.weight(term, domain) for term in terms for domain in DOMAINS] == [
        2, 0, 7, 5,
    ]  # fmt: skip


def test_a_dumped_configuration_loads_again() -> None:
    config = Config.model_validate({"data": {"root": "x"}, "train": {"max_steps": 3}})
    assert Config.model_validate(config.model_dump(mode="json")) == config


def test_only_keys_that_change_numbers_count_as_changes() -> None:
    before = Config().model_dump(mode="json")
    harmless = Config.model_validate(
        {
            "data": {"root": "elsewhere", "workers": 0},
            "train": {"max_steps": 9, "log_every": 1, "keep_states": 5},
            "run": {"dir": "there", "device": "cpu"},
        }
    ).model_dump(mode="json")
    assert changed_keys(before, harmless) == []
    harmful = Config.model_validate({"optim": {"lr": 1e-3}, "data": {"flip": False}})
    assert changed_keys(before, harmful.model_dump(mode="json")) == [
        "data.flip: True -> False",
        "optim.lr: 0.0002 -> 0.001",
    ]
