"""Weights of other projects open without options, and give the same output as there."""

import re
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from gan.inference.translator import Translator
from gan.interop import open_generator
from gan.networks import build_discriminator, build_generator
from tests.support.foreign import Joli, Norm, Resnet, mmagic, randomized, resnet_layers
from tests.support.reference import RECORD, TENSORS, relative_error, stored_weights

GENERATORS = [name for name, record in RECORD["networks"].items() if "ngf" in record]
NORMS: list[Norm] = ["instance", "instance_affine", "batch", "none"]


def image(channels: int = 3) -> Tensor:
    draws = torch.Generator().manual_seed(1)
    return torch.rand((2, channels, 32, 36), generator=draws) * 2 - 1


def same(ours: nn.Module, theirs: nn.Module, channels: int = 3) -> bool:
    """Return whether outputs agree within float32's rounding over twenty-four layers."""
    with torch.no_grad():
        expected = theirs(image(channels))
        error = (ours(image(channels)) - expected).abs().max()
    assert expected.std() > 0.05, "a picture, not a surface"
    return bool(error <= 1e-5)


def saved(content: Any, path: Path) -> Path:
    torch.save(content, path)
    return path


@pytest.mark.parametrize("name", GENERATORS)
def test_golden_weights_open_as_pth_and_repeat_the_references_output(
    name: str, tmp_path: Path
) -> None:
    state = stored_weights(f"{name}/weights/")
    translator = Translator.load(saved(state, tmp_path / "latest_net_G.pth"), device="cpu")
    record = RECORD["networks"][name]
    if record.get("norm") == "batch":
        translator.network.train(record.get("mode", "train") == "train")
    translator.network.double()
    with torch.no_grad():
        output = translator.run(TENSORS[f"{name}/input"].double())
    assert relative_error(output, TENSORS[f"{name}/output"]) <= 1e-9


@pytest.mark.parametrize("dropout", [False, True])
@pytest.mark.parametrize("norm", NORMS)
@pytest.mark.parametrize("filters", [False, True], ids=["reference", "CUT"])
@pytest.mark.parametrize(("halvings", "ending"), [(2, ""), (1, "_half")])
def test_resnets_of_every_norm_give_the_same_output(
    norm: Norm, dropout: bool, filters: bool, halvings: int, ending: str, tmp_path: Path
) -> None:
    bias = norm.startswith("instance")
    layers = resnet_layers(
        3, 6, norm, dropout, bias, filters=filters, ends=(1, 3), halvings=halvings
    )
    theirs = randomized(Resnet(layers))
    opened = open_generator(saved(theirs.state_dict(), tmp_path / "g.pth"))
    blur = {"upsample": "blur", "downsample": "blur"} if filters else {}
    assert opened.spec == {
        "kind": f"resnet_6blocks{ending}", "in_channels": 1, "out_channels": 3, "channels": 3,
        "norm": norm, "dropout": dropout, "upsample": "deconv", "downsample": "stride",
    } | blur  # fmt: skip
    assert same(opened.network, theirs, channels=1)


@pytest.mark.parametrize("blocks", [1, 4, 9, 12])
def test_any_number_of_blocks_is_counted(blocks: int, tmp_path: Path) -> None:
    theirs = randomized(Resnet(resnet_layers(2, blocks)))
    opened = open_generator(saved(theirs.state_dict(), tmp_path / "g.pt"))
    assert opened.spec["kind"] == f"resnet_{blocks}blocks"
    assert same(opened.network, theirs)


@pytest.mark.parametrize("dropout", [False, True])
@pytest.mark.parametrize("norm", ["instance", "batch"])
def test_mmagics_names_are_read(norm: Norm, dropout: bool, tmp_path: Path) -> None:
    """Both generators are in one file, named after their target domains."""
    photo, mask = (randomized(mmagic(3, 6, norm, dropout), seed) for seed in (1, 2))
    both = {f"generators.photo.{k}": t for k, t in photo.state_dict().items()}
    both |= {f"generators.mask.{k}": t for k, t in mask.state_dict().items()}
    judge = build_discriminator("basic", channels=2).state_dict()
    both |= {f"discriminators.photo.{k}": t for k, t in judge.items()}
    path = saved({"meta": {"epoch": 3}, "state_dict": both}, tmp_path / "cyclegan.pth")
    with pytest.raises(ValueError, match=r"holds 2 generators .*generators\.mask.*--part"):
        open_generator(path)
    for name, theirs in {"photo": photo, "mask": mask}.items():
        opened = open_generator(path, part=f"generators.{name}")
        assert opened.spec["norm"] == norm
        assert opened.about["layout"] == "MMagic"
        assert same(opened.network, theirs)


@pytest.mark.parametrize("norm", ["instance", "batch"])
def test_joligens_names_are_read(norm: Norm, tmp_path: Path) -> None:
    theirs = randomized(Joli(resnet_layers(3, 9, norm, bias=norm == "instance")))
    opened = open_generator(saved(theirs.state_dict(), tmp_path / "latest_net_G_A.pth"))
    assert opened.about == {
        "source": "latest_net_G_A.pth", "layout": "joliGEN", "direction": "ab",
    }  # fmt: skip
    assert same(opened.network, theirs)


@pytest.mark.parametrize("name", ["g.onnx", "g.PT2"])
def test_an_export_is_named_as_one(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(b"any")
    with pytest.raises(ValueError, match=rf"{name}: is an export for other programs"):
        open_generator(tmp_path / name)


def test_a_stem_without_padding_is_rejected(tmp_path: Path) -> None:
    """Later versions of joliGEN do not pad: the output is smaller, but the shapes are equal."""
    theirs = Joli(resnet_layers(2, 9)[1:])
    with pytest.raises(ValueError, match=r"holds no generator: no convolution at model\.1; found"):
        open_generator(saved(theirs.state_dict(), tmp_path / "g.pth"))


def wrapped(state: dict[str, Tensor]) -> dict[str, Any]:
    """Return the same weights in the usual wrappers, by name."""
    numbered = {name.removeprefix("model."): tensor for name, tensor in state.items()}
    optimizer = {"state": {0: {"exp_avg": torch.zeros(3)}}, "param_groups": [{"lr": 1.0}]}
    return {
        "DataParallel": {f"module.{name}": tensor for name, tensor in state.items()},
        "compiled": {f"_orig_mod.{name}": tensor for name, tensor in state.items()},
        "compiled and parallel": {f"module._orig_mod.{k}": t for k, t in state.items()},
        "state_dict": {"state_dict": state, "epoch": 7, "optimizer": optimizer},
        "generator": {"generator": state, "optimizer": optimizer},
        "model": {"model": state},
        "Lightning": {"state_dict": {f"net.gen.{k}": t for k, t in state.items()}, "epoch": 3},
        "a bare Sequential": numbered,
        "half precision": {name: tensor.bfloat16() for name, tensor in state.items()},
        "parameters": {name: nn.Parameter(tensor) for name, tensor in state.items()},
    }


WRAPPED = list(wrapped({}))


@pytest.mark.parametrize("how", WRAPPED)
def test_wrappers_are_removed(how: str, tmp_path: Path) -> None:
    theirs = randomized(Resnet(resnet_layers(2, 6)))
    opened = open_generator(saved(wrapped(theirs.state_dict())[how], tmp_path / "g.ckpt"))
    if how == "half precision":
        theirs.to(torch.bfloat16).float()
    assert same(opened.network, theirs)
    assert all(weight.dtype == torch.float32 for weight in opened.network.parameters())


def test_a_unet_is_opened_from_a_wrapper_called_model(tmp_path: Path) -> None:
    theirs = randomized(build_generator("unet_32", channels=2, norm="batch"))
    for content in ({"model": theirs.state_dict()}, theirs.state_dict()):
        opened = open_generator(saved(content, tmp_path / "g.pth"))
        assert (opened.spec["kind"], opened.spec["norm"]) == ("unet_32", "batch")
        assert same(opened.network, theirs)


def test_files_of_2017_with_statistics_of_instance_norms_open(tmp_path: Path) -> None:
    theirs = randomized(Resnet(resnet_layers(2, 9)))
    state: dict[str, Tensor] = dict(theirs.state_dict())
    for name, module in theirs.named_modules():
        if isinstance(module, nn.InstanceNorm2d):
            state[f"{name}.running_mean"] = torch.ones(module.num_features)
            state[f"{name}.running_var"] = torch.ones(module.num_features)
            state[f"{name}.num_batches_tracked"] = torch.tensor(7)
    assert same(open_generator(saved(state, tmp_path / "g.pth")).network, theirs)
    torch.save(state, tmp_path / "old.pth", _use_new_zipfile_serialization=False)
    assert same(open_generator(tmp_path / "old.pth").network, theirs)


@pytest.mark.parametrize("norm", ["instance_affine", "batch"])
@pytest.mark.parametrize("bias", [False, True])
def test_biases_that_the_reference_does_not_have_change_nothing(
    norm: Norm, bias: bool, tmp_path: Path
) -> None:
    """Other projects use nn.Conv2d with its default bias, or without a bias everywhere."""
    theirs = randomized(Resnet(resnet_layers(2, 6, norm, bias=bias, name="block")))
    state: dict[str, Tensor] = dict(theirs.state_dict())
    state = {name: tensor for name, tensor in state.items() if "num_batches" not in name}
    assert same(open_generator(saved(state, tmp_path / "g.pth")).network, theirs)


def test_foreign_safetensors_open_too(tmp_path: Path) -> None:
    theirs = randomized(Resnet(resnet_layers(2, 9)))
    save_file(theirs.state_dict(), tmp_path / "model.safetensors")
    assert same(open_generator(tmp_path / "model.safetensors").network, theirs)


@pytest.mark.parametrize(
    ("ab", "ba"), [("G_A", "G_B"), ("netG_AB", "netG_BA"), ("gen_ab", "gen_ba"), ("G_A2B", "G_B2A")]
)
def test_names_choose_between_two_generators(ab: str, ba: str, tmp_path: Path) -> None:
    forth, back = (randomized(Resnet(resnet_layers(2, 6)), seed) for seed in (1, 2))
    content = {ab: forth.state_dict(), ba: back.state_dict(), "D_A": {"model.0.weight": image()}}
    path = saved(content, tmp_path / "both.ckpt")
    assert same(open_generator(path, "ab").network, forth)
    assert same(open_generator(path, "ba").network, back)
    with pytest.raises(ValueError, match=r"holds 2 generators .* use direction ab or ba"):
        open_generator(path)


def test_a_domains_name_is_not_a_direction(tmp_path: Path) -> None:
    """MMagic's generators.b makes images of B: it is not the generator from B to A."""
    states = {name: randomized(mmagic(2, 6, "instance", False)).state_dict() for name in "ab"}
    path = saved({"generators": states}, tmp_path / "cyclegan.pth")
    with pytest.raises(ValueError, match="--part"):
        open_generator(path, "ab")
    assert "direction" not in open_generator(path, part="b").about


def test_a_folder_of_the_references_is_a_run(tmp_path: Path) -> None:
    forth, back = (randomized(Resnet(resnet_layers(2, 6)), seed) for seed in (1, 2))
    saved(forth.state_dict(), tmp_path / "latest_net_G_A.pth")
    saved(back.state_dict(), tmp_path / "latest_net_G_B.pth")
    assert same(Translator.load(tmp_path, "ab", "cpu").network, forth)
    assert same(Translator.load(tmp_path, "ba", "cpu").network, back)
    with pytest.raises(ValueError, match="choose one with direction"):
        Translator.load(tmp_path)
    with pytest.raises(ValueError, match="translates ba, not ab"):
        Translator.load(tmp_path / "latest_net_G_B.pth", "ab")


def without(state: dict[str, Tensor], name: str) -> dict[str, Tensor]:
    return {key: tensor for key, tensor in state.items() if key != name}


def test_a_file_without_a_generator_is_rejected_with_its_tensors(tmp_path: Path) -> None:
    state: dict[str, Tensor] = Resnet(resnet_layers(2, 6)).state_dict()
    zero = torch.zeros(1)
    wrong: dict[str, tuple[Any, str]] = {
        "discriminator": (build_discriminator("basic").state_dict(), "looks like a discriminator"),
        "another": (
            {"layer1.weight": zero},
            r"no tensors are named model.N.*layer1.weight \(1,\)",
        ),
        "empty": ({}, "found no tensors"),
        "a number": (3, "found no tensors"),
        "a missing weight": (without(state, "model.16.weight"), "model.16.weight is missing"),
        "a foreign weight": (state | {"model.99.scale": zero}, "model.99.scale is unknown"),
        "another kernel": (
            state | {"model.4.weight": torch.zeros(4, 2, 5, 5)},
            r"looks like resnet_6blocks, 2 channels, norm instance, but model.4.weight is "
            r"\(4, 2, 5, 5\) instead of \(4, 2, 3, 3\)",
        ),
        "spectral norm": (
            without(state, "model.4.weight") | {"model.4.weight_orig": torch.zeros(4, 2, 3, 3)},
            "model.4.weight is missing",
        ),
        # Convolutions after a plain enlargement, padded with zeros: ours mirror.
        "plain enlargement": (
            without(state, "model.16.weight") | {"model.17.weight": torch.zeros(4, 8, 3, 3)},
            "model.16.weight is missing",
        ),
    }
    for name, (content, expected) in wrong.items():
        path = saved(content, tmp_path / f"{name}.pth")
        with pytest.raises(ValueError, match=f"^{re.escape(str(path))}: ") as caught:
            open_generator(path)
        assert re.search(expected, str(caught.value)), f"{name}: {caught.value}"
        assert "\n" not in str(caught.value)
