"""What recipes share: names, rows, earlier states, networks that are not exported."""

import copy
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from accelerate import Accelerator
from pydantic import ValidationError
from torch import Tensor, nn

from gan.config import Config
from gan.config.extensions import register_observer, register_recipe
from gan.config.table import load
from gan.config.tables.recipes import RECIPES, RecipeRow, present_name
from gan.domains import Domain
from gan.networks.assembly import build_networks
from gan.system.signals import Interruption
from gan.training import Run, train
from gan.training.checkpoint.states import newest_state
from gan.training.objective import Network
from gan.training.observers.base import Observer, RunContext
from gan.training.optimization import total
from gan.training.recipes.base import Batch, Step, build_frame
from gan.training.sampling import sample_columns
from gan.training.trackers import Tracker
from tests.support.launching import write_images
from tests.support.runs import config, generator
from tests.support.trainers import batch, build, weights


class HeadTrainer:
    """One generator, and a head that is trained with it and not exported."""

    def __init__(self, config: Config, accelerator: Accelerator) -> None:
        built = build_networks(config.networks, 3, 3, ["gen_ab"], seed=config.run.seed)
        torch.manual_seed(config.run.seed)
        groups = {"generators": (["gen_ab"], config.optim.lr), "heads": (["head"], 0.1)}
        built["head"] = nn.Conv2d(3, 3, 1)
        self.frame = build_frame(config, accelerator, built, groups, {})

    def train_step(self, step: int, batches: Sequence[Batch]) -> dict[str, Tensor]:
        """Train the head to undo the generator."""
        gen_ab, head = self.frame.networks.values()
        update = Step(self.frame, step)
        for images in update.accumulate(batches):
            a, _ = self.frame.prepare(images)
            with update.gradients([gen_ab, head]):
                losses = {"undone": (head(gen_ab(a)) - a).square().mean()}
                update.minimize(total(losses), losses)
        return update.apply()

    def translations(self, real: Mapping[Domain, Tensor]) -> tuple[Network, Network | None]:
        return self.frame.generators["ab"], None

    def sample(self, real: Mapping[Domain, Tensor]) -> dict[str, list[Tensor]]:
        return {"ab": sample_columns(self.frame.generators["ab"], None, real["a"])}


class Counter(Observer):
    """Counts the steps of a run, over all its sessions; ends it at a step."""

    def __init__(self, context: RunContext) -> None:
        self.context = context
        self.count = 0

    def observe(self, step: int, tracker: Tracker | None) -> None:
        self.count += 1

    def ended(self) -> str | None:
        return "counted to 4" if self.count == 4 else None

    def state(self) -> dict[str, Any]:
        return {"count": self.count}

    def restore(self, state: Mapping[str, Any]) -> None:
        self.count = state.get("count", 0)


register_observer("counter", Counter)
register_recipe(
    "head",
    RecipeRow(
        HeadTrainer,
        title="A generator and a head that undoes it",
        columns=("real", "translation"),
        directions=("ab",),
        discriminators=(),
    ),
)


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_images(tmp_path_factory.mktemp("photos"))


@pytest.mark.parametrize("name", RECIPES)
def test_a_row_names_the_class_that_trains_it(name: str) -> None:
    assert {"train_step", "translations", "sample"} <= vars(load(RECIPES[name].code)).keys()


@pytest.mark.parametrize(("recipe", "sections", "expected"), [
    (None, {}, "cyclegan"),
    ("cyclegan", {}, "cyclegan"),
    (None, {"style": {"image": "x.png"}, "loss": {"style": 1}}, "single_style"),
    ("one_style", {"style": {"image": "x.png"}, "loss": {"style": 1}}, "single_style"),
    (None, {"networks": {"generator": "adain"}, "loss": {"style": 1}}, "arbitrary_style"),
    ("reference", {"networks": {"generator": "adain"}, "loss": {"style": 1}}, "arbitrary_style"),
    (None, {"networks": {"generator": "conditional_9blocks"}, "loss": {"style": 1}}, "many_styles"),
    ("contrastive", {"loss": {"nce": 1}}, "contrastive"),
    ("head", {}, "head"),
], ids=str)  # fmt: skip
def test_a_recipe_is_set_or_inferred_and_earlier_names_are_accepted(
    recipe: str | None, sections: dict[str, Any], expected: str
) -> None:
    configured = Config.model_validate(sections | {"train": {"recipe": recipe}})
    assert configured.recipe == expected
    assert Config.model_validate(configured.model_dump(mode="json")).recipe == expected


@pytest.mark.parametrize(("recipe", "sections", "message"), [
    ("single_style", {}, "train.recipe single_style needs a style.image"),
    ("cyclegan", {"style": {"image": "x.png"}}, "train.recipe cyclegan does not use style.image"),
    ("arbitrary_style", {}, "arbitrary_style needs networks.generator adain, not resnet_9blocks"),
    ("cyclegan", {"networks": {"generator": "adain"}}, "train.recipe cyclegan cannot train adain"),
    ("many_styles", {}, "many_styles needs networks.generator conditional_6blocks or conditional_"),
    ("contrastive", {}, "train.recipe contrastive needs a loss.nce above 0"),
    ("cycelgan", {}, "no recipe cycelgan; did you mean cyclegan?"),
], ids=str)  # fmt: skip
def test_a_recipe_that_contradicts_other_keys_is_rejected(
    recipe: str, sections: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValidationError) as caught:
        Config.model_validate(sections | {"train": {"recipe": recipe}})
    assert message in str(caught.value)


def test_a_state_of_lists_is_read_as_one_of_names() -> None:
    """Networks and averages were lists, in the order of the recipe's row."""
    trained, fresh = (build(train={"ema": 0.5}) for _ in range(2))
    for step in (1, 2):
        trained.train_step(step, [batch(step)])
    state = copy.deepcopy(trained.frame.state())
    for part in ("networks", "averages"):
        assert list(state[part]) == list(RECIPES["cyclegan"].networks)[: len(state[part])]
        state[part] = list(state[part].values())
    fresh.frame.restore(state, trained.frame.own_state())
    for trainer in (trained, fresh):
        trainer.train_step(3, [batch(3)])
    assert all(map(torch.equal, weights(trained), weights(fresh)))


def test_a_network_that_is_not_exported_is_trained_and_resumed(root: Path, tmp_path: Path) -> None:
    """The head is in the state, but neither averaged nor exported."""
    for name, stops in (("straight", (4,)), ("parts", (1, 3, 4))):
        for stop in stops:
            keys = {"recipe": "head", "ema": 0.9, "max_steps": stop}
            result = train(config(root, tmp_path / name, train=keys))
            assert list(result.files) == list(result.generators) == ["ab"]
    assert generator(tmp_path / "parts") == generator(tmp_path / "straight")
    assert len(list((tmp_path / "parts").glob("*.safetensors"))) == 1
    straight, parts = (newest_state(tmp_path / name / "state")[0] for name in ("straight", "parts"))
    assert straight
    assert parts
    assert parts.recipe == "head"
    shared = parts.load(0)[0]
    assert (set(shared["networks"]), set(shared["averages"])) == ({"gen_ab", "head"}, {"gen_ab"})
    torch.testing.assert_close(shared, straight.load(0)[0], rtol=0, atol=0)
    torch.manual_seed(0)
    assert not torch.equal(shared["networks"]["head"]["weight"], nn.Conv2d(3, 3, 1).weight)


def test_a_named_observer_accompanies_a_run_and_is_resumed(root: Path, tmp_path: Path) -> None:
    keys = {"observers": ["counter"], "max_steps": 2}
    assert train(config(root, tmp_path, train=keys)).ended is None
    result = train(config(root, tmp_path, train=keys | {"max_steps": 10}))
    assert (result.status, result.steps, result.ended) == (0, 4, "counted to 4")
    again = train(config(root, tmp_path, train=keys | {"max_steps": 10}))
    assert (again.status, again.steps, again.ended) == (0, 4, "counted to 4")
    assert "counter" not in Run(config(root, tmp_path / "plain"), Interruption()).observers


@pytest.mark.parametrize(("name", "message"), [
    ("doctor", "train.doctor_every already controls doctor"),
    ("countre", "no observer countre; did you mean counter?"),
])  # fmt: skip
def test_an_observer_with_a_key_or_without_a_row_is_rejected(name: str, message: str) -> None:
    with pytest.raises(ValidationError) as caught:
        Config.model_validate({"train": {"observers": [name]}})
    assert message in str(caught.value)


def test_earlier_names_in_manifests_are_accepted() -> None:
    earlier = {"one_style": "single_style", "reference": "arbitrary_style"}
    assert {name: present_name(name) for name in earlier} == earlier
    assert present_name("unheard") == "unheard"


def test_settings_for_two_generators_are_rejected_with_the_recipe() -> None:
    with pytest.raises(ValidationError, match=r"train\.recipe head has no cycle"):
        Config.model_validate({"train": {"recipe": "head"}, "loss": {"perceptual_cycle": 1}})
