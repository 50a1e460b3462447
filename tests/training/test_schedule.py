"""The learning rate against the reference's published factors and the definitions."""

import math

import pytest

from gan.training.schedule import lr_multiplier


@pytest.mark.parametrize(("epoch", "expected"), [
    # epochs count from 0 here and from 1 in the reference
    (0, 1.0),
    (99, 1.0),
    (100, 100 / 101),  # the reference's epoch 101: 0.9901
    (149, 51 / 101),  # its epoch 150: 0.5050
    (199, 1 / 101),  # its epoch 200: 0.0099
    (200, 0.0),
    (500, 0.0),
])  # fmt: skip
def test_linear_schedule_is_the_references(epoch: int, expected: float) -> None:
    assert lr_multiplier(epoch, 100, 100, "linear") == pytest.approx(expected, abs=1e-12)


def test_constant_never_falls() -> None:
    assert {lr_multiplier(epoch, 2, 3, "constant") for epoch in range(20)} == {1.0}


def test_cosine_falls_from_one_to_zero_along_half_a_cosine() -> None:
    values = [lr_multiplier(epoch, 3, 9, "cosine") for epoch in range(14)]
    assert values[:3] == [1, 1, 1]
    assert values[7] == pytest.approx(math.cos(math.pi / 4) ** 2)  # half-way
    assert values[12] == pytest.approx(0, abs=1e-12)
    assert values == sorted(values, reverse=True)


def test_no_decay_epochs_means_no_decay_before_the_end() -> None:
    assert [lr_multiplier(epoch, 4, 0, "linear") for epoch in range(4)] == [1, 1, 1, 1]
