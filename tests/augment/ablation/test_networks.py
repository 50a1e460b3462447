"""The small networks depend on their seed only, and keep sizes."""

import pytest
import torch

from gan.augment.ablation.networks import Segmenter, build_network


def test_a_segmenter_keeps_sizes_and_draws_its_weights_from_its_seed_alone() -> None:
    images = torch.rand(2, 3, 64, 48)
    one, same, other = (Segmenter(4, seed)(images) for seed in (0, 0, 1))
    assert one.shape == (2, 4, 64, 48)
    assert (one == same).all()
    assert (one != other).any()


@pytest.mark.parametrize(("masks", "shape"), [(False, (2, 3)), (True, (2, 3, 64, 64))])
def test_masks_have_logits_for_each_pixel_and_others_for_each_picture(
    masks: bool, shape: tuple[int, ...]
) -> None:
    network = build_network(["a", "b", "c"], 64, 0, masks=masks)
    assert network(torch.rand(2, 3, 64, 64)).shape == shape


def test_building_a_network_draws_nothing_from_the_global_generator() -> None:
    torch.manual_seed(0)
    expected = torch.rand(3)
    torch.manual_seed(0)
    build_network(["a", "b"], 64, 7, masks=True)
    assert (torch.rand(3) == expected).all()
