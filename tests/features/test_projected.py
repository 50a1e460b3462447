"""The projected discriminator against a second implementation; what is frozen and what is not."""

from pathlib import Path

import pytest
import torch
from torch import Tensor
from torch.nn.functional import conv2d

from gan.features.projected import ProjectedDiscriminator
from gan.networks import build_discriminator, init_weights
from tests.support import backbone

STAGES = (3, 6, 13)
"""The last of MobileNetV2's blocks at strides 4, 8 and 16."""


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return backbone.write_network(tmp_path_factory.mktemp("weights") / "network.pth")


@pytest.fixture
def disc(weights: Path) -> ProjectedDiscriminator:
    network = build_discriminator("projected", channels=4, layers=1, weights=weights)
    init_weights(network, 0.3, torch.Generator().manual_seed(0))
    assert isinstance(network, ProjectedDiscriminator)
    return network


def images(*shape: int) -> Tensor:
    return torch.rand(*shape, generator=torch.Generator().manual_seed(1)) * 2 - 1


def test_it_scores_pixels_and_three_scales_of_feature_maps(
    disc: ProjectedDiscriminator,
) -> None:
    """Computed again in float64, with torchvision's modules, from the deepest scale up."""
    x = images(2, 3, 72, 40)  # at stride 16 there are 5 x 3 positions, at stride 8 only 9 x 5
    disc, net = disc.double(), backbone.random_network().double().get_submodule("features")
    mean, std = torch.tensor([[0.485, 0.456, 0.406], [0.229, 0.224, 0.225]]).view(2, 1, 3, 1, 1)
    maps, hidden = {}, (x.double() / 2 + 0.5 - mean) / std
    for number, block in enumerate(net.children()):
        hidden = block(hidden)
        maps[number] = hidden
    state = dict(disc.named_buffers())
    expected, coarser = [disc.patch(x.double())], None
    for number in (2, 1, 0):
        mixed = conv2d(maps[STAGES[number]], state[f"channels_{number}"])
        if coarser is not None:
            doubled = coarser.repeat_interleave(2, 2).repeat_interleave(2, 3)
            mixed = mixed + doubled[:, :, : mixed.shape[2], : mixed.shape[3]]
        coarser = conv2d(mixed, state[f"scales_{number}"], padding=1)
        expected.append(list(disc.heads.values())[number](coarser))
    scores = disc(x.double())
    assert [tuple(s.shape[2:]) for s in scores] == [(34, 18), (5, 3), (9, 5), (18, 10)]
    for ours, theirs in zip(scores, expected, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-9, atol=1e-12)


def test_the_mixing_keeps_the_variance_of_independent_maps(disc: ProjectedDiscriminator) -> None:
    for name, mixing in disc.named_buffers():
        if name.startswith(("channels", "scales")):
            rows = mixing.flatten(1).square().sum(1)
            assert rows.mean() == pytest.approx(1, abs=0.15), name


def test_only_heads_and_patches_are_trained_or_saved(disc: ProjectedDiscriminator) -> None:
    names = {name.partition(".")[0] for name, _ in disc.named_parameters()}
    assert names == {"patch", "heads"}
    assert {name.partition(".")[0] for name in disc.state_dict()} == names
    before = disc.frozen[0].fingerprint()
    optimizer = torch.optim.SGD(disc.parameters(), lr=1.0)
    x = images(1, 3, 32, 32).requires_grad_()
    disc.train().requires_grad_(True)
    torch.stack([scores.mean() for scores in disc(x)]).sum().backward()
    optimizer.step()
    assert x.grad is not None
    assert disc.frozen[0].fingerprint() == before
    assert not any(p.requires_grad for p in disc.frozen[0].parameters())


def test_every_scale_sends_gradients_to_the_image(disc: ProjectedDiscriminator) -> None:
    for number in range(4):
        x = images(1, 3, 32, 32).requires_grad_()
        disc(x)[number].sum().backward()
        assert x.grad is not None
        assert x.grad.abs().sum() > 0


def test_the_frozen_network_moves_with_the_module(disc: ProjectedDiscriminator) -> None:
    moved = disc.to(dtype=torch.float64)
    assert {p.dtype for p in moved.frozen[0].parameters()} == {torch.float64}


def test_gray_images_are_scored_like_their_color_copies(weights: Path) -> None:
    gray, color = (
        build_discriminator(
            "projected", in_channels=depth, channels=4, layers=1, weights=weights, norm="none"
        )
        for depth in (1, 3)
    )
    color.get_submodule("heads").load_state_dict(gray.get_submodule("heads").state_dict())
    x = images(1, 1, 32, 32)
    for ours, theirs in zip(gray(x)[1:], color(x.expand(1, 3, 32, 32))[1:], strict=True):
        torch.testing.assert_close(ours, theirs)


def test_a_backbone_without_known_stages_is_named(weights: Path) -> None:
    with pytest.raises(ValueError, match=r"networks\.discriminator_backbone: vgg19 is not one of"):
        build_discriminator("projected", backbone="vgg19", weights=weights)
