"""Rows agree with the code that they name; unknown names are rejected."""

import inspect
from pathlib import Path
from typing import Any, get_args

import pytest
import torch

from gan.config import Config, LossConfig, NetworksConfig, changed_keys
from gan.config.choices import WeightedTerm
from gan.config.extensions import register_generator, register_loss_term
from gan.config.table import load
from gan.config.tables.adversarial import ADVERSARIAL
from gan.config.tables.discriminators import DISCRIMINATORS
from gan.config.tables.generators import GENERATORS, generator_row
from gan.config.tables.losses import LOSS_TERMS
from gan.losses import score_maps
from gan.networks import build_discriminator, build_generator
from gan.networks.resnet import ResidualBlock
from tests.support import backbone
from tests.support.registering import forget_rows

OFFERED = [
    *GENERATORS,
    "resnet_1blocks",
    "resnet_1blocks_half",
    "conditional_1blocks",
    "unet_32",
    "unet_1024",
]


@pytest.mark.parametrize("name", OFFERED)
def test_a_generators_row_agrees_with_its_module(name: str) -> None:
    row = generator_row(name)
    with torch.device("meta"):
        network = build_generator(name, channels=1)
    assert network.size_multiple == row.size_multiple
    residual = any(isinstance(module, ResidualBlock) for module in network.modules())
    several = row.fixed_kind is not None
    assert residual == row.residual
    assert row.tiles == (residual and not several)
    if row.fixed_kind is not None:
        assert generator_row(row.fixed_kind).tiles
    parameters = inspect.signature(network.forward).parameters.values()
    needed = [each for each in parameters if each.default is each.empty]
    assert (len(needed) == 2) == (row.takes_style or several)
    assert hasattr(network, "feature_maps") == row.encodes
    assert hasattr(network, "paint") == hasattr(network, "style_encoder") == row.takes_style


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return backbone.write_network(tmp_path_factory.mktemp("weights") / "network.pth")


@pytest.mark.parametrize("name", DISCRIMINATORS)
@pytest.mark.parametrize("layers", [1, 4])
def test_a_discriminator_scores_three_pixels_after_its_halvings_and_not_two(
    name: str, layers: int, weights: Path
) -> None:
    halvings = DISCRIMINATORS[name].halvings
    shrunk = 2 ** (layers if halvings is None else halvings)
    network = build_discriminator(name, channels=1, layers=layers, norm="none", weights=weights)
    scores = network(torch.zeros(1, 3, 3 * shrunk, 3 * shrunk))
    assert all(maps.numel() > 0 for maps in score_maps(scores))
    if shrunk > 1:
        with pytest.raises(RuntimeError, match="Kernel size can't be greater than actual input"):
            network(torch.zeros(1, 3, 2 * shrunk, 2 * shrunk))


@pytest.mark.parametrize("table", [GENERATORS, DISCRIMINATORS, ADVERSARIAL])
def test_every_row_names_existing_code(table: Any) -> None:
    for row in table.values():
        codes = [value for value in vars(row).values() if isinstance(value, str) and ":" in value]
        assert codes
        assert all(callable(load(code)) for code in codes)


def test_every_weighted_term_has_a_key() -> None:
    assert set(get_args(WeightedTerm)) <= LossConfig.model_fields.keys()


@pytest.mark.parametrize(("values", "message"), [
    ({"networks": {"generator": "resnet_9block"}}, "no generator resnet_9block; did you mean res"),
    ({"networks": {"generator": "resnet_5blocks"}}, "no generator resnet_5blocks; did you mean re"),
    ({"networks": {"discriminator": "xy"}}, "no discriminator xy; available: basic, n_layers, pix"),
    ({"loss": {"adversarial": "lsgn"}}, "no adversarial form lsgn; did you mean lsgan?"),
    ({"loss": {"terms": {"edgs": 1}}}, "loss.terms: no loss term edgs; did you mean edges?"),
    ({"loss": {"terms": {"edges": -1}}}, "loss.terms.edges"),
    ({"loss": {"terms": {"edges": 1}, "style": 1}, "style": {"image": "x"}},
     "loss.terms is for two generators"),
    ({"networks": {"generator": "unet_256", "upsample": "blur"}}, "networks.upsample blur is"),
    ({"networks": {"generator": "adain", "downsample": "blur"}}, "networks.downsample blur is for"),
    ({"networks": {"generator": "unet_256"}, "train": {"recompute": True}}, "train.recompute is"),
    ({"networks": {"discriminator": "n_layers", "discriminator_layers": 6},
      "data": {"crop_size": 128}}, "must be at least 192 with networks.discriminator n_layers"),
    ({"loss": {"nce": 1}}, "cyclegan does not use loss.nce: set it to 0, or train.recipe to contr"),
    ({"data": {"crop_size": 20}}, "must be at least 24 with networks.discriminator basic"),
])  # fmt: skip
def test_names_without_a_row_are_rejected(
    values: dict[str, Any], message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    forget_rows(monkeypatch, LOSS_TERMS)
    register_loss_term("edges", lambda cycle: cycle.fake.mean())
    with pytest.raises(ValueError) as caught:  # noqa: PT011, the text is compared
        Config.model_validate(values)
    assert message in str(caught.value)


def test_a_registered_name_is_one_of_the_choices_and_cannot_be_taken_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    forget_rows(monkeypatch, GENERATORS, LOSS_TERMS)
    register_generator("mine", torch.nn.Identity, size_multiple=10)
    assert NetworksConfig(generator="mine").generator == "mine"
    with pytest.raises(ValueError, match=r"data.crop_size \(256\) must be a multiple of 10"):
        Config.model_validate({"networks": {"generator": "mine"}})
    with pytest.raises(ValueError, match="already a generator mine: choose another name"):
        register_generator("mine", torch.nn.Tanh)
    with pytest.raises(ValueError, match=r"loss\.cycle exists already"):
        register_loss_term("cycle", lambda cycle: cycle.fake.mean())


def test_weights_of_terms_are_keys_that_change_the_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    forget_rows(monkeypatch, LOSS_TERMS)
    register_loss_term("edges", lambda cycle: cycle.fake.mean())
    dumps = [
        LossConfig.model_validate({"terms": terms}).model_dump(mode="json")
        for terms in ({}, {"edges": 2})
    ]
    before, after = ({"loss": dump} for dump in dumps)
    assert changed_keys(before, after) == ["loss.terms: {} -> {'edges': 2.0}"]
    del before["loss"]["terms"]  # of a state that another version wrote
    assert changed_keys(before, {"loss": dumps[0] | {"terms": {}}}) == []


def test_an_unknown_generator_of_a_file_names_the_option() -> None:
    with pytest.raises(ValueError, match=r"no generator mine; .*--extend FILE"):
        generator_row("mine")
