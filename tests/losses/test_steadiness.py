"""The steadiness term: 0 for generators that move with their inputs, a closed form for others."""

import numpy as np
import pytest
import torch
from torch import Tensor

from gan.config import Config, LossConfig
from gan.losses import steadiness_loss
from gan.losses.steadiness import MOST, Move, draw_move
from gan.training.objective import generator_losses, translate
from gan.training.recipes.cyclegan import Trainer
from tests.support.trainers import batch, build


def test_a_move_is_a_mirrored_frame_of_numpy() -> None:
    images = torch.rand(2, 3, 16, 20)
    padded = np.pad(images.numpy(), ((0, 0), (0, 0), (3, 0), (5, 0)), mode="reflect")
    np.testing.assert_array_equal(Move(3, 5).apply(images).numpy(), padded[:, :, :16, :20])


def test_moves_are_drawn_evenly() -> None:
    torch.manual_seed(0)
    moves = [draw_move() for _ in range(800)]
    for counts in (
        np.bincount([move.down for move in moves]),
        np.bincount([move.right for move in moves]),
    ):
        assert len(counts) == MOST + 1
        assert counts.min() > 60


def test_a_generator_that_moves_with_its_input_and_ignores_noise_has_0() -> None:
    """Rounding to whole numbers removes the noise."""

    def generator(images: Tensor) -> Tensor:
        return -(5 * images).round()

    images = torch.randint(-5, 5, (2, 3, 16, 16)) / 5
    assert steadiness_loss(generator, images, generator(images)).item() == 0


def test_a_fixed_pattern_differs_by_its_slope_times_the_move(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("gan.losses.steadiness.draw_move", lambda: Move(2, 3))
    rows = torch.arange(16.0)[:, None].expand(2, 3, 16, 16)

    def pattern(images: Tensor) -> Tensor:
        return images * 0 + rows

    images = torch.rand(2, 3, 16, 16)
    assert steadiness_loss(pattern, images, pattern(images)).item() == 2


def test_the_term_has_its_weight_and_is_off_by_default() -> None:
    images = torch.rand(1, 3, 16, 16)
    pattern = torch.rand(1, 3, 16, 16)
    found = {}
    for weight in (0, 1, 3):
        loss = LossConfig(steadiness=weight)
        torch.manual_seed(0)
        cycle = translate("ab", lambda x: x + pattern, lambda x: x, images, images, loss)
        state = torch.get_rng_state()
        found[weight] = generator_losses("ab", cycle, lambda x: x, loss)
        torch.manual_seed(0)
        assert torch.equal(torch.get_rng_state(), state) == (weight == 0)
    assert "steadiness_ab" not in found[0]
    assert found[3]["steadiness_ab"].item() == pytest.approx(3 * found[1]["steadiness_ab"].item())


def test_a_step_logs_it_in_both_directions_and_repeats_it() -> None:
    def values() -> dict[str, float]:
        trainer: Trainer = build(loss={"steadiness": 2.0})
        step = trainer.train_step(1, [batch(0)])
        return {name: float(value) for name, value in step.items()}

    one = values()
    assert one["steadiness_ab"] > 0
    assert one["steadiness_ba"] > 0
    assert values() == one


def test_recipes_without_it_reject_it() -> None:
    sections = {"loss": {"steadiness": 1, "nce": 1}, "train": {"recipe": "contrastive"}}
    with pytest.raises(ValueError, match=r"does not use loss\.steadiness"):
        Config.model_validate(sections)
