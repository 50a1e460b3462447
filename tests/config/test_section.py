"""Options classes from Python: their errors are those of the command line."""

import copy
import pickle
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from gan.cli.main import main
from gan.config import Config, LossConfig
from gan.inference.folder.options import TranslateOptions


@pytest.mark.parametrize(("sections", "words", "expected"), [
    ({"loss": {"cycel": 1}}, ["--loss.cycel", "1"], "no key loss.cycel; did you mean loss.cycle?"),
    ({"los": {"cycle": 1}}, ["--los", "x"], "no key los; did you mean loss?"),
    ({"loss": {"cycle": -1}}, ["--loss.cycle", "-1"], "loss.cycle: expected a number ≥ 0. Got: -1"),
    ({"loss": {"terms": {"edges": "x"}}}, ["--loss.terms", "{edges: x}"],
     "loss.terms.edges: expected a number ≥ 0. Got: x"),
    ({"data": {"range_a": [1]}}, ["--data.range_a", "[1]"],
     "data.range_a: expected a list, [a number, a number]. Got: [1]"),
    ({"networks": {"norm": "layer"}}, ["--networks.norm", "layer"],
     "networks.norm: expected one of instance, instance_affine, batch, none. Got: layer"),
    ({"networks": {"generator": "resnet"}}, ["--networks.generator", "resnet"],
     "networks.generator: no generator resnet; did you mean resnet_9blocks?"),
    ({"train": {"doctor_ignore": "copy"}}, ["--train.doctor_ignore", "copy"],
     "train.doctor_ignore: expected a list, for instance [copy]. Got: copy"),
    ({"train": {"ema": 1}}, ["--train.ema", "1"], "train.ema: expected a number ≥ 0, < 1. Got: 1"),
    ({"data": {"a": "x"}}, ["--data.a", "x"], "data.a and data.b belong together: set both, or "
     "data.root (or a style.image)"),
])  # fmt: skip
def test_errors_of_a_configuration_are_those_of_the_command_line(
    sections: Any, words: list[str], expected: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(ValueError) as caught:  # noqa: PT011
        Config(**sections)
    with pytest.raises(SystemExit):
        main(["train", *words])
    assert capsys.readouterr().err == f"gan train: error: {expected}\n"
    assert str(caught.value) == expected


def test_a_section_alone_names_its_own_keys() -> None:
    values: dict[str, Any] = {"cycel": 1}
    with pytest.raises(ValueError, match=r"^no key cycel; did you mean cycle\?$"):
        LossConfig(**values)
    values = {"model": Path("a")}
    with pytest.raises(ValueError, match=r"^required: input, output$"):
        TranslateOptions(**values)


def test_all_that_is_wrong_is_named() -> None:
    sections: dict[str, Any] = {"loss": {"cycel": 1, "tv": -1}}
    with pytest.raises(ValueError, match=r"loss\.tv: expected .* -1; no key loss\.cycel; did you"):
        Config(**sections)


def test_pydantics_own_way_raises_its_own_error() -> None:
    """Which callers that collect errors take apart."""
    with pytest.raises(ValidationError) as caught:
        Config.model_validate({"loss": {"cycel": 1}})
    assert caught.value.errors()[0]["loc"] == ("loss", "cycel")


def test_sections_are_copied_and_pickled() -> None:
    loss = LossConfig(cycle=3)
    config = Config(loss=loss)
    assert config.loss is loss
    for other in (copy.deepcopy(config), pickle.loads(pickle.dumps(config))):
        assert other == config != Config()
