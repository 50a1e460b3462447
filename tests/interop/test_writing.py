"""Files written for the reference have the same tensors as those read, bit by bit."""

import random
from itertools import product
from pathlib import Path
from typing import Any

import pytest
import torch

from gan.export.formats import reference_options, write_reference
from gan.interop import Opened, open_generator
from gan.networks import build_generator
from tests.support.foreign import Resnet, randomized, resnet_layers

EXPRESSIBLE = list(
    product(
        ["resnet_9blocks", "resnet_6blocks", "unet_256", "unet_128"],
        ["instance", "batch", "none"],
        [False, True],
    )
)


@pytest.mark.parametrize(("kind", "norm", "dropout"), EXPRESSIBLE)
def test_every_network_of_the_reference_is_kept_exactly(
    kind: str, norm: Any, dropout: bool, tmp_path: Path
) -> None:
    """All kinds, norms and dropout, random channels. A U-Net's weights do not show dropout."""
    rng = random.Random(f"{kind}/{norm}/{dropout}")
    for _ in range(3):
        spec: dict[str, Any] = {
            "kind": kind, "norm": norm, "dropout": dropout, "channels": rng.randint(1, 6),
            "in_channels": rng.choice([1, 2, 3, 4]), "out_channels": rng.choice([1, 2, 3, 4]),
            "upsample": "deconv", "downsample": "stride",
        }  # fmt: skip
        network = randomized(build_generator(**spec), rng.randrange(1000))
        path = tmp_path / "latest_net_G.pth"
        write_reference(path, Opened(network, spec, {}))
        opened = open_generator(path)
        assert opened.spec == spec | {"dropout": dropout and kind.startswith("resnet")}
        before, after = network.state_dict(), opened.network.state_dict()
        assert list(before) == list(after)
        assert all(torch.equal(before[name], after[name]) for name in before)
        assert all(before[name].dtype == after[name].dtype for name in before)


@pytest.mark.parametrize("norm", ["instance", "batch", "none"])
@pytest.mark.parametrize("dropout", [False, True])
@pytest.mark.parametrize("filters", [False, True], ids=["reference", "CUT"])
def test_the_written_file_fits_the_other_projects_network_strictly(
    norm: Any, dropout: bool, filters: bool, tmp_path: Path
) -> None:
    blur = {"upsample": "blur", "downsample": "blur"} if filters else {}
    spec = {"kind": "resnet_9blocks", "channels": 2, "norm": norm, "dropout": dropout}
    spec |= {"upsample": "deconv", "in_channels": 3, "out_channels": 3} | blur
    network = randomized(build_generator(**spec))
    write_reference(tmp_path / "g.pth", Opened(network, spec, {}))
    theirs = Resnet(resnet_layers(2, 9, norm, dropout, norm == "instance", filters=filters)).eval()
    theirs.load_state_dict(torch.load(tmp_path / "g.pth", weights_only=True), strict=True)
    x = torch.rand(1, 3, 32, 32) * 2 - 1
    with torch.no_grad():
        assert (network(x) - theirs(x)).abs().max() <= 1e-5  # rounding, over 24 layers


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"norm": "instance_affine"}, "has no norm instance_affine"),
        ({"upsample": "resize"}, "has no upsample resize"),
        ({"kind": "resnet_5blocks"}, "has no resnet_5blocks"),
        ({"kind": "adain"}, "has no adain"),
    ],
)
def test_a_network_that_the_reference_does_not_support_is_rejected(
    changes: dict[str, Any], reason: str, tmp_path: Path
) -> None:
    spec = {"kind": "resnet_6blocks", "channels": 1, "norm": "instance", "upsample": "deconv"}
    opened = Opened(torch.nn.Identity(), spec | changes, {})
    with pytest.raises(ValueError, match=reason):
        write_reference(tmp_path / "g.pth", opened)
    assert not list(tmp_path.iterdir())


def test_the_options_for_the_references_command() -> None:
    spec = {"kind": "unet_128", "channels": 8, "norm": "batch", "upsample": "deconv"}
    spec |= {"in_channels": 3, "out_channels": 1, "dropout": False, "downsample": "stride"}
    assert reference_options(spec) == (
        "--model test --netG unet_128 --ngf 8 --norm batch --input_nc 3 --output_nc 1 --no_dropout"
    )
    assert "--no_dropout" not in reference_options(spec | {"dropout": True})
    cut = reference_options(spec | {"kind": "resnet_9blocks", "downsample": "blur"})
    assert "--no_antialias_up" in cut
    assert "--no_antialias " not in f"{cut} "
