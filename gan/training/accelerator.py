"""The accelerator of a run, and how its processes share what they know."""

import os
import warnings
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

import torch
import torch.distributed as dist
from accelerate import Accelerator, DistributedDataParallelKwargs
from accelerate.state import AcceleratorState, PartialState
from torch import nn

from gan.config import Config
from gan.system.processes import Processes
from gan.system.threads import set_threads

T = TypeVar("T")

PRECISIONS = {"fp32": "no", "tf32": "no", "bf16": "bf16", "fp16": "fp16"}


def build_accelerator(config: Config) -> Accelerator:
    """The accelerator of run.device and train.precision; ValueError where both contradict."""
    _check(config)
    # Let a second run in this process have another precision or device.
    AcceleratorState._reset_state()
    if not dist.is_initialized():
        PartialState._reset_state()
    accelerator = Accelerator(
        cpu=config.run.device == "cpu",
        mixed_precision=PRECISIONS[config.train.precision],
        # Buffers are the batch norms': their statistics are computed over all processes anyway.
        kwargs_handlers=[DistributedDataParallelKwargs(broadcast_buffers=False)],
    )
    # Whether CUDA rounds factors of float32 products; torch's own choice is for convolutions only.
    # Not by torch's newer `fp32_precision`: once it is set, torch.export fails (torch 2.15).
    torch.backends.cuda.matmul.allow_tf32 = config.train.precision == "tf32"
    torch.backends.cudnn.allow_tf32 = config.train.precision == "tf32"
    if accelerator.device.type == "cpu":
        # `accelerate launch` gives CPUs one thread, also where a process is alone.
        limited = "ACCELERATE_MIXED_PRECISION" in os.environ and torch.get_num_threads() == 1
        alone = accelerator.num_processes == 1
        set_threads(config.run.threads, os.cpu_count() if limited and alone else None)
    return accelerator


def _check(config: Config) -> None:
    """Reject what contradicts accelerate's own file, and what this machine has not.

    That is another precision or accumulation than ours; a device that is not there, and half floats
    where no scaler works.
    """
    precision = os.environ.get("ACCELERATE_MIXED_PRECISION", "no")
    if precision not in ("no", PRECISIONS[config.train.precision]):
        raise ValueError(
            f"train.precision is {config.train.precision}, but accelerate is launched with "
            f"mixed_precision {precision}: give the same, or leave accelerate's at 'no'"
        )
    accumulate = os.environ.get("ACCELERATE_GRADIENT_ACCUMULATION_STEPS", "1")
    if accumulate not in ("1", str(config.train.accumulate)):
        raise ValueError(
            f"train.accumulate is {config.train.accumulate}, but accelerate is launched with "
            f"gradient_accumulation_steps {accumulate}: give the same, or leave accelerate's at 1"
        )
    device = config.run.device
    if device == "cuda" and not torch.cuda.is_available():
        raise ValueError("run.device is cuda, but torch sees no CUDA GPU here")
    if device == "mps" and not torch.backends.mps.is_available():
        raise ValueError("run.device is mps, but torch sees no Apple GPU here")
    precision, on_cpu = config.train.precision, device == "cpu" or not torch.cuda.is_available()
    if precision in ("fp16", "tf32") and on_cpu:
        raise ValueError(f"train.precision {precision} needs a CUDA GPU: use bf16 or fp32 here")


def share_statistics(network: nn.Module, accelerator: Accelerator) -> nn.Module:
    """Let batch norms take their statistics over all processes; ValueError where torch cannot."""
    batch_norm = any(isinstance(module, nn.BatchNorm2d) for module in network.modules())
    if accelerator.num_processes == 1 or not batch_norm:
        return network
    if accelerator.device.type != "cuda":
        raise ValueError(
            "networks.norm batch needs the statistics of all processes, which torch shares on CUDA "
            "only: use norm instance, or one process"
        )
    converted: nn.Module = nn.SyncBatchNorm.convert_sync_batchnorm(network)
    return converted


def distribute(
    network: nn.Module, accelerator: Accelerator, *, channels_last: bool = False
) -> nn.Module:
    """The network as all processes train it together, on the device, in the precision asked for."""
    if channels_last:
        network.to(memory_format=torch.channels_last)
    with warnings.catch_warnings():
        # torch 2.15 renames broadcast_buffers; accelerate and torch 2.11 know the old name only.
        warnings.filterwarnings("ignore", "`broadcast_buffers` is deprecated", FutureWarning)
        prepared: nn.Module = accelerator.prepare(network)
    return prepared


def compile_networks(networks: Iterable[nn.Module], device: torch.device) -> str | None:
    """Compile networks in place for training, for fixed shapes; if nothing can be, tell why.

    They keep their parameters' names. Shapes are fixed because those that torch makes dynamic by
    itself depend on what was called before, and a resumed run would not be the same.
    """
    try:
        torch.compile(lambda x: 2 * x + 1, dynamic=False)(torch.ones(8, device=device))
    except Exception as error:  # no C++ compiler, no Triton, no Python headers...
        return str(error).strip().splitlines()[0]
    # torch looks at inputs' gradients as it compiles, and warns of its own looking.
    warnings.filterwarnings("ignore", "The .grad attribute of a Tensor that is not a leaf")
    for network in networks:
        network.compile(dynamic=False)
    return None


def once(accelerator: Accelerator, function: Callable[[], Any]) -> Any:
    """What a function returns on the main process, for all processes; what it raises, likewise."""
    return Processes(accelerator.process_index, accelerator.num_processes).once(function)


def main_first(accelerator: Accelerator, build: Callable[[], T]) -> T:
    """What a function returns on each process; the others call it when the main process is done.

    So one process downloads what all read then. What it raises on the main process all raise.
    """
    built: list[T] = []
    once(accelerator, lambda: built.append(build()))
    return built[0] if built else build()


class Agreement:
    """Lets all processes know what one of them knows, without waiting for the device."""

    def __init__(self) -> None:
        self.group: dist.ProcessGroup | None = None
        if dist.is_initialized() and dist.get_world_size() > 1:
            self.group = dist.new_group(backend="gloo")  # type: ignore[assignment]

    def any(self, flag: bool) -> bool:
        """Whether the flag is set on any process; all of them ask at the same place."""
        if self.group is None:
            return flag
        flags = torch.tensor(float(flag))
        dist.all_reduce(flags, op=dist.ReduceOp.MAX, group=self.group)
        return bool(flags)
