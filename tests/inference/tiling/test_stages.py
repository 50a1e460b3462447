"""Generators split into stages."""

import pytest

from gan.config.tables.generators import GENERATORS
from gan.inference.tiling.stages import split
from gan.networks import build_generator


@pytest.mark.parametrize("blocks", [6, 9])
def test_a_resnet_has_three_stages_two_per_block_and_three(blocks: int) -> None:
    network = build_generator(f"resnet_{blocks}blocks", channels=4).eval()
    stages = split(network)
    assert [stage.channels for stage in stages.down] == [4, 8, 16]
    assert [[stage.channels for stage in branch] for branch in stages.branches] == [
        [16] * 2
    ] * blocks
    assert [stage.channels for stage in stages.up] == [8, 4, 3]
    assert stages.channels == 16
    asking = [*stages.down, *sum(stages.branches, ()), *stages.up]
    assert [stage.needs_moments for stage in asking] == [True] * (len(asking) - 1) + [False]


def test_the_unet_is_rejected() -> None:
    network = build_generator("unet_128", channels=2).eval()
    assert not GENERATORS["unet_128"].tiles
    with pytest.raises(ValueError, match="UnetGenerator: cannot be run in tiles"):
        split(network)


def test_train_mode_is_rejected() -> None:
    network = build_generator("resnet_6blocks", channels=2)
    assert GENERATORS["resnet_6blocks"].tiles
    with pytest.raises(ValueError, match="call eval"):
        split(network)
