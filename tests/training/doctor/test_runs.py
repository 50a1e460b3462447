"""The doctor in real runs: faults are reported in their window, numbers do not change."""

import json
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from torch import Tensor

from gan.config import Config
from gan.images import write_image
from gan.images.pixels import to_image, to_pixels
from gan.system.signals import Interruption
from gan.training import Run
from tests.support import backbone
from tests.support.faults import FAULTY, healthy, photographs
from tests.support.runs import SCORED, TINY, Poison, Sections, merged

EVERY = 10
"""train.doctor_every in these runs; every step is logged."""


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Smooth pictures of 32 pixels in two colorings; weights of a frozen network; a painting."""
    folder = tmp_path_factory.mktemp("photos")
    for name, seed in (("trainA", 0), ("trainB", 1), ("testA", 2), ("testB", 3)):
        for number, picture in enumerate(photographs(6, seed=seed)):
            shown = picture if name.endswith("A") else healthy(picture[None])[0]
            write_image(to_image(to_pixels(shown)), folder / name / f"{number}.png")
    backbone.write_backbone(folder / "weights.pth")
    write_image(to_image(to_pixels(photographs(1, seed=4)[0])), folder / "painting.png")
    return folder


def config(root: Path, run_dir: Path, **sections: Mapping[str, Any]) -> Config:
    small: Sections = {
        "data": {"root": root, "load_size": 32, "crop_size": 32, "workers": 0},
        "networks": {**TINY, **SCORED, "upsample": "resize"},
        "train": {
            "epochs": 1000, "log_every": 1, "doctor_every": EVERY, "max_steps": EVERY,
            "pool_size": 2, "sample_every": 1000,
        },
        "run": {"dir": run_dir, "device": "cpu"},
    }  # fmt: skip
    return Config.model_validate(merged(small, sections))


def recorded(folder: Path) -> list[dict[str, Any]]:
    lines = (folder / "doctor.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def found(folder: Path) -> set[tuple[str, str, int]]:
    """(finding, where, step) of each entry in a record."""
    lines = recorded(folder)
    return {(line["finding"], line["where"], line["step"]) for line in lines if "finding" in line}


def fit(settings: Config, change: Callable[[Run], None] = lambda run: None) -> Run:
    run = Run(settings, Interruption())
    change(run)
    assert run.fit() == 0
    return run


def make_faulty(name: str) -> Callable[[Run], None]:
    """Replace the generators of a run by a faulty pair, whatever they learn."""

    def change(run: Run) -> None:
        networks: list[Any] = [run.frame.bare[name] for name in ("gen_ab", "gen_ba")]
        for network, faulty in zip(networks, FAULTY[name], strict=True):
            learning = network.forward
            network.forward = lambda x, faulty=faulty, old=learning: faulty(x) + 0 * old(x)

    return change


@pytest.mark.parametrize("name", [name for name in FAULTY if name != "not_finite"])
def test_a_faulty_generator_is_reported_at_the_end_of_the_first_window(
    name: str, root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fit(config(root, tmp_path), make_faulty(name))
    assert {at for at in found(tmp_path) if at[1] == "ab"} == {(name, "ab", EVERY)}
    printed = [
        line
        for line in capsys.readouterr().err.splitlines()
        if f", {name}: " in line and "gen_ab" in line
    ]
    assert len(printed) == 1
    (line,) = (line for line in recorded(tmp_path) if line["where"] == "ab")
    assert line["window"] == [1, EVERY]
    assert line["advice"] in printed[0]
    events = EventAccumulator(str(tmp_path / "logs"))
    events.Reload()
    (scalar,) = events.Scalars(f"doctor/{name}_ab")
    assert (scalar.step, scalar.value) == (EVERY, pytest.approx(line["value"]))
    assert any(tag.startswith("doctor/") for tag in events.Tags()["tensors"])


def make_discriminators(real: float, fake: float) -> Callable[[Run], None]:
    """Make both generators add stripes, and both discriminators score only stripes."""

    def change(run: Run) -> None:
        make_faulty("checkerboard")(run)
        networks: Any = run.frame.bare
        networks["gen_ba"].forward = networks["gen_ab"].forward
        for network in (networks["disc_a"], networks["disc_b"]):
            network.forward = partial(score, network.forward, real, fake)

    return change


def score(
    learning: Callable[[Tensor], Tensor], real: float, fake: float, pictures: Tensor
) -> Tensor:
    """One score for pictures with stripes, another for those without."""
    striped = pictures.diff(dim=2).abs().mean((1, 2, 3), keepdim=True) > 0.2
    return torch.where(striped, fake, real) + 0 * learning(pictures)


@pytest.mark.parametrize(("name", "adversarial", "real", "fake"), [
    ("saturated", "lsgan", 0.98, 0.01), ("saturated", "vanilla", 5, -6),
    ("saturated", "hinge", 2, -1), ("stretched", "wgan_gp", 300, -300),
    ("beaten", "lsgan", 0.3, 0.7), ("beaten", "vanilla", -1, 1),
    ("beaten", "hinge", -0.5, 0.5), ("beaten", "wgan_gp", -30, 30),
])  # fmt: skip
def test_a_won_game_is_reported_at_the_end_of_the_first_window(
    name: str, adversarial: str, real: float, fake: float, root: Path, tmp_path: Path
) -> None:
    fit(config(root, tmp_path, loss={"adversarial": adversarial}), make_discriminators(real, fake))
    games = {at for at in found(tmp_path) if at[1] in ("a", "b")}
    assert games == {(name, "a", EVERY), (name, "b", EVERY)}


def test_a_discriminator_that_becomes_certain_is_reported(root: Path, tmp_path: Path) -> None:
    """Generators that add stripes, whatever they learn."""
    fast: Sections = {
        "optim": {"discriminator_lr": 0.01}, "networks": {"discriminator_channels": 8},
        "train": {"max_steps": 6 * EVERY},
    }  # fmt: skip
    fit(config(root, tmp_path, **fast), make_faulty("checkerboard"))
    assert ("saturated", "b") in {at[:2] for at in found(tmp_path)}


def test_discriminators_without_weights_are_blind(root: Path, tmp_path: Path) -> None:
    def change(run: Run) -> None:
        for network in (run.frame.bare["disc_a"], run.frame.bare["disc_b"]):
            for parameter in network.parameters():
                torch.nn.init.zeros_(parameter)

    fit(config(root, tmp_path, optim={"discriminator_lr": 1e-9}), change)
    blind = {at for at in found(tmp_path) if at[0] == "blind"}
    assert blind == {("blind", "a", EVERY), ("blind", "b", EVERY)}


def test_a_learning_rate_that_explodes_is_reported_in_its_window(
    root: Path, tmp_path: Path
) -> None:
    """A thousand times the rate from step 21 on."""

    def change(run: Run) -> None:
        step_of = run.trainer.train_step

        def train_step(step: int, batches: Any) -> Any:
            if step == 2 * EVERY + 1:
                run.trainer.frame.updates.lr_factor = 1000.0
                run.trainer.frame.updates.set_lr(1.0)
            return step_of(step, batches)

        run.trainer.train_step = train_step  # type: ignore[method-assign]

    fit(config(root, tmp_path, train={"max_steps": 3 * EVERY}), change)
    exploding = {at for at in found(tmp_path) if at[0] == "exploding"}
    assert {step for _, _, step in exploding} == {3 * EVERY}


def test_skipped_steps_are_reported_in_their_window(root: Path, tmp_path: Path) -> None:
    fit(config(root, tmp_path, train={"max_steps": 3 * EVERY}), lambda run: poison(run, 12, 14))
    lines = [line for line in recorded(tmp_path) if line["where"] == "all"]
    assert lines == [
        {
            "step": 20, "window": [11, 20], "finding": "left_out", "where": "all",
            "value": pytest.approx(0.2), "limit": 0.0, "advice": lines[0]["advice"],
        },
        {"step": 30, "gone": "left_out", "where": "all"},
    ]  # fmt: skip


def test_steps_for_which_a_run_goes_back_are_reported(root: Path, tmp_path: Path) -> None:
    """Steps 13 to 15 are skipped twice: in between the state of step 12 is restored."""
    settings = {"max_steps": 2 * EVERY, "nonfinite_limit": 3, "checkpoint_every": 4}

    def change(run: Run) -> None:
        poison(run, 13, 16)
        go_back = run.go_back

        def healed() -> None:
            go_back()
            del run.trainer.train_step

        run.go_back = healed  # type: ignore[method-assign]

    fit(config(root, tmp_path, train=settings), change)
    assert ("left_out", "all", 20) in found(tmp_path)


def poison(run: Run, first: int, stop: int) -> None:
    Poison(run, range(first, stop))


@pytest.mark.parametrize("sections", [
    {"networks": {"dropout": True}, "train": {"ema": 0.9}},
    {"networks": {"norm": "batch"}, "train": {"precision": "bf16"}},
], ids=str)  # fmt: skip
def test_training_with_the_doctor_is_training_without_it_bit_for_bit(
    sections: dict[str, dict[str, Any]], root: Path, tmp_path: Path
) -> None:
    """Also if stopped and resumed in the middle of a window, with findings before."""
    switches = sections["train"]
    for name, every, stops in (("off", 0, (14,)), ("on", 3, (14,)), ("parts", 3, (4, 5, 14))):
        for stop in stops:
            own = switches | {"doctor_every": every, "max_steps": stop, "log_every": 2}
            fit(config(root, tmp_path / name, networks=sections["networks"], train=own))
    states = [
        torch.load(tmp_path / name / "state" / "step-00000014" / "shared.pt", weights_only=True)
        for name in ("off", "on", "parts")
    ]
    watching = [state.pop("observers") for state in states]
    assert "doctor" not in watching[0]
    assert watching[2] == watching[1]
    for state in states[1:]:
        torch.testing.assert_close(state, states[0], rtol=0, atol=0)
    assert recorded(tmp_path / "parts") == recorded(tmp_path / "on")


def test_records_after_the_resumed_step_are_superseded(root: Path, tmp_path: Path) -> None:
    """The newest state is lost, and so is the finding after the previous state."""
    stripes = make_faulty("checkerboard")
    fit(config(root, tmp_path, train={"checkpoint_every": EVERY, "max_steps": EVERY}))
    before = recorded(tmp_path)
    fit(config(root, tmp_path, train={"max_steps": 2 * EVERY}), stripes)
    assert ("checkerboard", "ab", 2 * EVERY) in found(tmp_path)
    with (tmp_path / "doctor.jsonl").open("a") as file:
        file.write('{"step": 1e999}\n' + "[" * 100_000 + "\n")
        file.write('{"step": 20, "fin')  # torn by a kill
    for file_of_state in (tmp_path / "state" / "step-00000020").iterdir():
        file_of_state.write_bytes(b"damaged")
    fit(config(root, tmp_path, train={"max_steps": EVERY + 1}))
    assert recorded(tmp_path) == before


def test_a_run_without_the_doctor_has_no_record(root: Path, tmp_path: Path) -> None:
    fit(config(root, tmp_path, train={"doctor_every": 0}))
    assert not (tmp_path / "doctor.jsonl").exists()
    assert fit(config(root, tmp_path, train={"max_steps": 2 * EVERY})).step == 2 * EVERY
    assert (tmp_path / "doctor.jsonl").exists()


def test_one_style_several_and_any_style_are_watched(root: Path, tmp_path: Path) -> None:
    shared: Sections = {
        "loss": {"perceptual": 1.0, "style": 1.0, "tv": 1.0},
        "perceptual": backbone.section(root / "weights.pth"),
    }
    one: Sections = {
        "data": {"root": None, "a": root / "trainA"},
        "style": {"image": root / "painting.png", "size": 32},
    }
    fit(config(root, tmp_path / "one", **shared, **one))
    fit(config(root, tmp_path / "any", **shared, networks={"generator": "adain"}))
    several: Sections = {"networks": {"generator": "conditional_6blocks"}}
    fit(config(root, tmp_path / "several", **shared, **several))
    for name, more in (
        ("one", set()), ("several", set()), ("any", {"saturated_b", "beaten_b", "blind_b"}),
    ):  # fmt: skip
        events = EventAccumulator(str(tmp_path / name / "logs"))
        events.Reload()
        logged = {tag for tag in events.Tags()["scalars"] if "doctor" in tag}
        norms = {tag for tag in logged if "gradient_norm_" in tag or "skipped_" in tag}
        tags = {tag.removeprefix("doctor/") for tag in logged - norms}
        seen = {
            "inverted_ab", "copy_ab", "collapsed_ab", "checkerboard_ab", "not_finite_ab",
            "clipped_ab", "lost_ab", "grain_ab", "blurred_ab", "halos_ab",
        }  # fmt: skip
        assert tags == seen | {"left_out_all"} | more


def test_a_command_line_ignores_known_findings_and_rejects_others() -> None:
    Config.model_validate({"train": {"doctor_ignore": ["inverted", "copy"]}})
    with pytest.raises(ValueError, match="inverted"):
        Config.model_validate({"train": {"doctor_ignore": ["upside_down"]}})


def test_adversarial_names_are_the_configurations(root: Path, tmp_path: Path) -> None:
    """Every form has findings from the values that its run logs."""
    for adversarial in ("lsgan", "vanilla", "hinge", "wgan_gp"):
        run = fit(config(root, tmp_path / adversarial, loss={"adversarial": adversarial}))
        rows = run.observers["doctor"].state()["doctor"]["rows"]
        assert len(rows) == EVERY
        assert {"score_real_a", "discriminator_b", "gradient_norm_generators"} <= rows[0][1].keys()
