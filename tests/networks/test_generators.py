"""The generators: the reference's parameters and keys, and an output the size of the input."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.nn.functional import leaky_relu

from gan.config.choices import Norm, Upsample
from gan.networks import build_generator
from gan.networks.resnet import ResidualBlock
from gan.networks.unet import UnetLevel

KINDS: list[str] = [
    "resnet_9blocks", "resnet_6blocks", "resnet_6blocks_half", "unet_256", "unet_128", "mobile"
]  # fmt: skip
NORMS: list[Norm] = ["instance", "batch", "none"]


@pytest.mark.parametrize(
    ("kind", "norm", "parameters", "entries"),
    [
        ("resnet_9blocks", "instance", 11_378_179, 48),
        ("resnet_9blocks", "batch", 11_383_427, 140),
        ("resnet_9blocks", "none", 11_372_931, 25),
        ("resnet_6blocks", "instance", 7_837_699, 36),
        ("resnet_6blocks", "batch", 7_841_411, 104),
        ("resnet_6blocks", "none", 7_833_987, 19),
        ("unet_256", "instance", 54_409_603, 32),
        ("unet_256", "batch", 54_413_955, 82),
        ("unet_256", "none", 54_404_099, 17),
        ("unet_128", "instance", 41_825_667, 28),
        ("unet_128", "batch", 41_828_995, 70),
    ],
)
def test_the_numbers_of_parameters_and_entries_are_the_references(
    kind: str, norm: Norm, parameters: int, entries: int
) -> None:
    with torch.device("meta"):
        generator = build_generator(kind, norm=norm)
    assert sum(p.numel() for p in generator.parameters()) == parameters
    assert len(generator.state_dict()) == entries


# Indices of the reference's convolutions, in the order of its state_dict.
RESNET_9 = {
    dropout: [
        *("model.1", "model.4", "model.7"),
        *(f"model.{block}.conv_block.{k}" for block in range(10, 19) for k in (1, second)),
        *("model.19", "model.22", "model.26"),
    ]
    for dropout, second in [(False, 5), (True, 6)]
}
UNET_128 = [
    "model.model.0",
    "model.model.1.model.1",
    "model.model.1.model.3.model.1",
    "model.model.1.model.3.model.3.model.1",
    "model.model.1.model.3.model.3.model.3.model.1",
    "model.model.1.model.3.model.3.model.3.model.3.model.1",
    "model.model.1.model.3.model.3.model.3.model.3.model.3.model.1",
    "model.model.1.model.3.model.3.model.3.model.3.model.3.model.3",
    "model.model.1.model.3.model.3.model.3.model.3.model.5",
    "model.model.1.model.3.model.3.model.3.model.5",
    "model.model.1.model.3.model.3.model.5",
    "model.model.1.model.3.model.5",
    "model.model.1.model.5",
    "model.model.3",
]


def meta_state(kind: str, norm: Norm, dropout: bool) -> dict[str, Tensor]:
    with torch.device("meta"):
        return build_generator(kind, norm=norm, dropout=dropout).state_dict()


@pytest.mark.parametrize("norm", NORMS)
@pytest.mark.parametrize(
    ("kind", "dropout", "convs"),
    [
        ("resnet_9blocks", False, RESNET_9[False]),
        ("resnet_9blocks", True, RESNET_9[True]),
        ("unet_128", False, UNET_128),
        ("unet_128", True, UNET_128),
    ],
)
def test_keys_are_the_references(kind: str, dropout: bool, convs: list[str], norm: Norm) -> None:
    """Instance norm and the head have biases; batch norm has the index after its
    convolution, and a U-Net's first and innermost down convolutions have none."""
    state = meta_state(kind, norm, dropout)
    kernels = [key for key, value in state.items() if value.ndim == 4]
    assert kernels == [f"{conv}.weight" for conv in convs]

    biased = convs if norm == "instance" else convs[-1:]
    assert {f"{conv}.bias" for conv in convs} & state.keys() == {f"{conv}.bias" for conv in biased}

    without_norm = {convs[-1]} | ({convs[0], convs[6]} if kind == "unet_128" else set())
    normed = [conv for conv in convs if conv not in without_norm] if norm == "batch" else []
    after = {f"{conv.rpartition('.')[0]}.{int(conv.rpartition('.')[2]) + 1}" for conv in normed}
    assert {key.removesuffix(".running_mean") for key in state if "running_mean" in key} == after


def test_transposed_convolutions_have_the_references_shapes() -> None:
    resnet = meta_state("resnet_9blocks", "instance", dropout=False)
    assert resnet["model.19.weight"].shape == (256, 128, 3, 3)
    assert resnet["model.22.weight"].shape == (128, 64, 3, 3)
    unet = meta_state("unet_128", "instance", dropout=False)
    assert unet[f"{UNET_128[7]}.weight"].shape == (512, 512, 4, 4)
    assert unet[f"{UNET_128[8]}.weight"].shape == (1024, 512, 4, 4)


@pytest.mark.parametrize("upsample", ["deconv", "resize"])
@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=6)
@given(height=st.integers(16, 270), width=st.integers(16, 90))
def test_output_is_as_large_as_the_input(
    kind: str, upsample: Upsample, height: int, width: int
) -> None:
    generator = build_generator(kind, channels=1, upsample=upsample)
    with torch.no_grad():
        output = generator(torch.rand(1, 3, height, width) * 2 - 1)
    assert output.shape == (1, 3, height, width)
    assert output.isfinite().all()


@pytest.mark.parametrize("kind", KINDS)
def test_only_sizes_off_the_multiple_are_padded(kind: str) -> None:
    generator = build_generator(kind, channels=1)
    assert isinstance(generator.model, nn.Module)
    seen: list[Tensor] = []
    generator.model.register_forward_pre_hook(lambda _, args: seen.append(args[0]))
    multiple = generator.size_multiple
    assert isinstance(multiple, int)
    fits = torch.rand(1, 3, multiple, 2 * multiple)
    with torch.no_grad():
        if multiple > 4:  # instance norm needs more than one pixel per map
            generator(fits)
            assert seen.pop() is fits
        generator(torch.rand(1, 3, multiple + 1, 17))
    height, width = seen.pop().shape[-2:]
    assert height == 2 * multiple
    assert width == -(-17 // multiple) * multiple


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("in_channels", "out_channels"), [(1, 3), (3, 1), (1, 1)])
def test_either_domain_may_be_gray(kind: str, in_channels: int, out_channels: int) -> None:
    generator = build_generator(
        kind, in_channels=in_channels, out_channels=out_channels, channels=1
    )
    with torch.no_grad():
        output = generator(torch.rand(2, in_channels, 20, 16))
    assert output.shape == (2, out_channels, 20, 16)


def test_nothing_follows_the_residual_sum() -> None:
    """With zero weights the branch is zero, and the block returns negative values untouched."""
    network = build_generator("resnet_6blocks", channels=1)
    block = next(part for part in network.modules() if isinstance(part, ResidualBlock))
    for parameter in block.parameters():
        nn.init.zeros_(parameter)
    x = torch.randn(1, 4, 8, 8)
    assert torch.equal(block(x), x)


def test_unet_skip_is_the_activated_input() -> None:
    level = UnetLevel(2, 4, None, norm="none", upsample="deconv", dropout=False)
    x = torch.randn(1, 2, 8, 8)
    expected = leaky_relu(x, 0.2)
    assert torch.equal(level(x.clone())[:, :2], expected)


@pytest.mark.parametrize(("kind", "levels"), [("unet_256", 3), ("unet_128", 2)])
def test_unet_drops_only_between_its_widest_levels(kind: str, levels: int) -> None:
    with torch.device("meta"):
        generator = build_generator(kind, dropout=True)
    dropping = [
        name for name, module in generator.named_modules() if isinstance(module, nn.Dropout)
    ]
    # The reference's fifth level from outside is the first between 512 and 512 channels.
    first = "model.model.1" + ".model.3" * 3
    assert dropping == [f"{first}{'.model.3' * i}.model.7" for i in reversed(range(levels))]


@pytest.mark.parametrize("kind", KINDS)
def test_dropout_acts_in_training_only(kind: str) -> None:
    generator = build_generator(kind, channels=2, dropout=True)
    x = torch.rand(1, 3, 32, 32)
    with torch.no_grad():
        assert not torch.equal(generator(x), generator(x))
        generator.eval()
        assert torch.equal(generator(x), generator(x))


@pytest.mark.parametrize("kind", KINDS)
def test_resize_replaces_every_transposed_convolution(kind: str) -> None:
    with torch.device("meta"):
        deconv, resize = (build_generator(kind, upsample=u) for u in ("deconv", "resize"))
    transposed = [m for m in deconv.modules() if isinstance(m, nn.ConvTranspose2d)]
    assert not any(isinstance(m, nn.ConvTranspose2d) for m in resize.modules())
    assert len([m for m in resize.modules() if isinstance(m, nn.Upsample)]) == len(transposed) > 0
