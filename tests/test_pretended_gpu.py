"""The CUDA path without a GPU: devices and precisions, by tensors without numbers.

On fake tensors of a pretended second GPU, in a separate process, including worker threads: each
recipe's steps, with gradients in place of backward passes, and its state, saved and restored; all
generators and discriminators; translation, evaluation, stylizing, the doctor's signals, augmenting
while others train and its task model. Backward passes run on the CPU.

It cannot find faults of a real GPU in: numbers of CUDA kernels, their order, memory, or what
CUDA's libraries reject; backward passes (the penalty's gradient is made up) and fp16's scaler;
torch.compile; NCCL and DDP; scalars on the CPU, which torch accepts next to tensors of a GPU;
casts to float32 of single maps in training; TorchScript and ONNX files (classifiers, task models);
Inception, SSIM, LPIPS with its published weights; FID and KID, which are computed on the CPU;
training a classifier; loading and feeding batches; samples, observers and checkpoints of a run;
tiles' files; export and the server. scripts/gpu_check.py covers part of that.
"""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from benchmarks.plain import random_batch
from gan.config.tables.recipes import RECIPES
from gan.training.accelerator import build_accelerator
from gan.training.recipes.cyclegan import Trainer
from tests.support.launching import ROOT, environment
from tests.support.pretended_checks import ROOMS
from tests.support.pretended_gpu import MixedOperands
from tests.support.runs import config

CHECKS = [
    "translates", "translates_folders", "augments", *ROOMS, "cyclegan, other networks",
    # Only ours: other tests may have registered rows in this process.
    *(
        f"{recipe}, {precision}"
        for recipe, row in RECIPES.items()
        if isinstance(row.code, str)
        for precision in ("fp32", "bf16")
    ),
]  # fmt: skip
PLANTED = {
    "a CPU tensor in a loss": "at least two devices, cuda:1 and cpu",
    "a device without index in a thread": "CUDA driver|two devices",
    "a device without index in a command": "CUDA driver|AssertionError",
    "a thread whose GPU is not set": "another GPU is present in a worker thread",
    "a pool restored to the CPU": "not on cuda:1: .*pool_a",
    "luma weights on the CPU": "at least two devices, cuda:1 and cpu",
    "upsampling in float32, translating": "float32 maps in half precision: .*upsample_nearest2d",
    "upsampling in float32, training": "float32 maps in half precision: .*upsample_nearest2d",
    "skips in float32": "float32 maps in half precision: .*cat",
}


@pytest.fixture(scope="module")
def printed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The output of each check on the pretended GPU: nothing if all is well."""
    driver = ROOT / "tests" / "support" / "drivers" / "pretended_gpu.py"
    done = subprocess.run(
        [sys.executable, str(driver), str(tmp_path_factory.mktemp("gpu"))],
        capture_output=True, text=True, timeout=200, cwd=ROOT,
        env={k: v for k, v in environment().items() if k != "ACCELERATE_USE_CPU"}
        | {"PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    rows = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    return {row["name"]: row["said"] for row in rows}


@pytest.mark.parametrize("name", CHECKS)
def test_all_tensors_are_on_one_gpu_in_the_intended_precision(
    name: str, printed: dict[str, str]
) -> None:
    assert printed[name] == ""


@pytest.mark.parametrize("fault", PLANTED)
def test_a_planted_fault_is_found(fault: str, printed: dict[str, str]) -> None:
    assert re.search(PLANTED[fault], printed[fault])


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_backward_passes_do_not_mix_precisions_or_devices(precision: str, tmp_path: Path) -> None:
    chosen = config(
        tmp_path, tmp_path, networks={"upsample": "resize"}, train={"precision": precision}
    )
    trainer = Trainer(chosen, build_accelerator(chosen))
    with MixedOperands() as mixed:
        trainer.train_step(1, [random_batch(16, 1)])
    # On CPUs alone, where these kernels take parameters in float32: see instance_norm.
    norm = {"aten::native_batch_norm", "aten::native_batch_norm_backward"}
    assert mixed.found == (norm if precision == "bf16" else set())


class Mixes(torch.autograd.Function):
    """Adds two precisions in its backward pass."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        return x.clone()

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        return gradient + gradient.bfloat16()


def test_mixed_operands_of_a_backward_pass_are_found() -> None:
    x = torch.ones(2, requires_grad=True)
    with MixedOperands() as mixed:
        Mixes.apply(x).sum().backward()
    assert mixed.found == {"aten::add.Tensor"}
