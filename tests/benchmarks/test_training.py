"""The training benchmark: its baseline trains the trainer's step, and its counts are right."""

import json
from functools import partial
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import torch

from benchmarks.bars import bars
from benchmarks.peak import matrix_peak, operations, peak_bytes
from benchmarks.plain import Case, Plain, random_batch, settings
from benchmarks.profile import kind_of, where_time_goes
from benchmarks.training import train
from gan.networks.layers import InstanceNorm, ReflectionPad
from gan.training.accelerator import build_accelerator
from gan.training.recipes.cyclegan import Trainer

CASE = Case(side=32, batch=1, generator="resnet_6blocks", channels=2, device="cpu")
CPU = torch.device("cpu")


def test_the_baseline_trains_the_same_step_as_the_trainer(monkeypatch: pytest.MonkeyPatch) -> None:
    """In float64, so that only the order of sums differs."""
    for place in ("gan.training.recipes.base.to_unit", "benchmarks.plain.to_unit"):
        monkeypatch.setattr(place, lambda pixels: pixels.double() / 127.5 - 1)
    plain, config = Plain(CASE), settings(CASE)
    ours = Trainer(config, build_accelerator(config))
    for network in (*plain.networks, *ours.bare):
        network.double()
    for step in range(1, 4):
        plain.step(step)
        ours.train_step(step, [plain.batch])
    for theirs, net in zip(plain.networks, ours.bare, strict=True):
        for ours_now, theirs_now in zip(net.parameters(), theirs.parameters(), strict=True):
            torch.testing.assert_close(ours_now, theirs_now, rtol=0, atol=1e-9)
        assert not any(isinstance(m, InstanceNorm | ReflectionPad) for m in theirs.modules())


def test_the_counted_operations_are_those_of_the_convolutions() -> None:
    """Forward, and twice as many backward, except for gradients that are not needed."""
    plain = Plain(CASE)
    gen, disc = (
        multiplications(net, plain) for net in (plain.networks.gen_ab, plain.networks.disc_a)
    )
    # Six generator passes, two of them on another's output; two discriminator passes for the
    # generators, whose weights get no gradient, and four for the discriminators.
    least, most = 2 * (6 * gen * 3 + 2 * disc * 2 + 4 * disc * 2), 2 * 3 * (6 * gen + 6 * disc)
    assert least * 0.9 < operations(partial(plain.step, 1)) <= most


def multiplications(network: torch.nn.Module, plain: Plain) -> int:
    counted = 0

    def count(module: Any, inputs: tuple[torch.Tensor, ...], output: torch.Tensor) -> None:
        nonlocal counted
        grid = inputs[0] if isinstance(module, torch.nn.ConvTranspose2d) else output
        counted += module.weight.numel() * grid.shape[-1] * grid.shape[-2]

    convolutions = (torch.nn.Conv2d, torch.nn.ConvTranspose2d)
    hooks = [
        m.register_forward_hook(count) for m in network.modules() if isinstance(m, convolutions)
    ]
    network(plain.batch[0].float())
    for hook in hooks:
        hook.remove()
    return counted


def test_the_peak_of_a_step_is_what_it_holds_at_once() -> None:
    def step() -> None:
        torch.zeros(1000)
        first = torch.zeros(500)
        torch.zeros(700)
        del first

    assert peak_bytes(step, CPU) == pytest.approx(4 * 1200, rel=0.1)


def test_a_matrix_peak_is_a_rate(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("benchmarks.peak.fastest", lambda factor: 0.5)
    assert matrix_peak(CPU, "fp32") == pytest.approx(2 * 2048**3 / 0.5 / 1e12)


def test_the_command_writes_what_it_prints(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """With small matrices for the peak: large ones in bf16 take minutes on a CPU without bf16."""
    monkeypatch.setattr("benchmarks.training.SECONDS", 0.0)
    monkeypatch.setattr("benchmarks.peak.SECONDS", 0.0)
    monkeypatch.setattr("benchmarks.peak.SIDES", {"cpu": 8})
    train(
        sides=[32], batches=[2], channels=2, generator="resnet_6blocks", rounds=1, device="cpu",
        ways=["fp32", "bf16, channels last"], output=tmp_path,
    )  # fmt: skip
    printed = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert json.loads((tmp_path / "training.json").read_text()) == printed
    ways = printed["results"][0]["ways"]
    assert list(ways) == ["plain", "fp32", "bf16, channels last"]
    assert ways["plain"]["ratio"] == 1
    assert all(row["pairs_per_second"] > 0 and row["step_gb"] > 0 for row in ways.values())
    assert "32 px, batch 2: fp32" in (tmp_path / "training.svg").read_text()


def test_an_unknown_way_is_named() -> None:
    with pytest.raises(ValueError, match="ways: no bf17: use fp32; fp32, one by one"):
        train(ways=["bf17"], sides=[32], channels=2, device="cpu")


def test_random_batches_have_the_form_of_a_loaders() -> None:
    a, b = random_batch(8, 3)
    assert a.shape == b.shape == (3, 3, 8, 8)
    assert a.dtype == torch.uint8
    assert not torch.equal(a, b)


def test_bars_are_as_long_as_their_values() -> None:
    picture = ElementTree.fromstring(bars("a < b", {"one": 1.0, "four & more": 4.0}))
    rows = picture.findall("{http://www.w3.org/2000/svg}rect")[1:]
    assert [float(row.attrib["width"]) for row in rows] == [105, 420]
    texts = [text.text for text in picture.iter("{http://www.w3.org/2000/svg}text")]
    assert texts == ["a < b", "one", "1.00", "four & more", "4.00"]


def test_a_profile_names_the_convolutions(capsys: pytest.CaptureFixture[str]) -> None:
    where_time_goes(side=32, channels=2, generator="resnet_6blocks", steps=1, device="cpu")
    printed = json.loads(capsys.readouterr().out)
    assert sum(printed["share"].values()) == pytest.approx(1, abs=0.01)
    assert {"convolution", "optimizer", "normalization", "padding"} <= printed["share"].keys()


@pytest.mark.parametrize(
    ("kernel", "kind"),
    [
        ("sm90_xmma_fprop_implicit_gemm_bf16f32", "convolution"),
        ("void at::native::batch_norm_collect_statistics_kernel", "normalization"),
        ("void at::native::reflection_pad2d_out_kernel", "padding"),
        ("multi_tensor_apply_kernel<FusedAdamMathFunctor>", "optimizer"),
        ("triton_poi_fused_add_3", "compiled"),
        ("Memcpy HtoD (Pinned -> Device)", "copying"),
        ("vectorized_elementwise_kernel<4, tanh>", "elementwise and other"),
    ],
)
def test_kernels_are_classified_by_their_names(kernel: str, kind: str) -> None:
    assert kind_of(kernel) == kind


def test_tf32_is_set_and_restored(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also after measuring tf32; torch raises an error if old and new settings disagree."""
    monkeypatch.setattr("benchmarks.peak.SECONDS", 0.0)
    monkeypatch.setattr("benchmarks.peak.SIDES", {"cpu": 8})
    build_accelerator(settings(CASE))
    assert matrix_peak(CPU, "tf32") > 0
    assert not torch.backends.cudnn.allow_tf32
    assert not torch.backends.cuda.matmul.allow_tf32
