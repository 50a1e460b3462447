"""The accelerator of a run, and how its processes exchange values."""

import os
import warnings
from collections.abc import Callable, Iterable
from types import CodeType, FunctionType, MethodType
from typing import Any, TypeVar

import torch
import torch.distributed as dist
from accelerate import Accelerator, DistributedDataParallelKwargs
from accelerate.state import AcceleratorState, PartialState
from torch import nn

from gan.config import Config
from gan.config.tables.trackers import check_installed
from gan.system.arithmetic import use_tf32
from gan.system.launchers import warn_if_alone
from gan.system.processes import Processes
from gan.system.threads import set_threads

T = TypeVar("T")

ENGINES = ("DEEPSPEED", "FSDP", "MEGATRON_LM", "PARALLELISM_CONFIG")
"""Engines of accelerate that split networks; here each process holds whole networks."""
PRECISIONS = {"fp32": "no", "tf32": "no", "bf16": "bf16", "fp16": "fp16"}


def build_accelerator(config: Config) -> Accelerator:
    """Return the accelerator for run.device and train.precision; ValueError on a conflict."""
    _check(config)
    warn_if_alone()
    # A second run in this process may need another precision or device.
    AcceleratorState._reset_state()
    if not dist.is_initialized():
        PartialState._reset_state()
    accelerator = Accelerator(
        cpu=config.run.device == "cpu",
        mixed_precision=PRECISIONS[config.train.precision],
        # The only buffers are batch norm statistics, which are computed over all processes anyway.
        kwargs_handlers=[DistributedDataParallelKwargs(broadcast_buffers=False)],
    )
    use_tf32(config.train.precision == "tf32")
    if config.run.deterministic:
        # CUDA reads this at its first matrix product.
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
        torch.use_deterministic_algorithms(True)
    if accelerator.device.type == "cpu":
        # `accelerate launch` sets one thread on CPUs, even for a single process.
        limited = "ACCELERATE_MIXED_PRECISION" in os.environ and torch.get_num_threads() == 1
        alone = accelerator.num_processes == 1
        set_threads(config.run.threads, os.cpu_count() if limited and alone else None)
    return accelerator


def _check(config: Config) -> None:
    """Raise ValueError if accelerate's settings contradict the configuration.

    Contradictions are another precision, accumulation or device, networks split over GPUs (such as
    FSDP), and dynamo. Also if the device or a tracker is missing, or for fp16 without CUDA.
    """
    check_installed(config.run.trackers)
    precision = os.environ.get("ACCELERATE_MIXED_PRECISION", "no")
    if precision not in ("no", PRECISIONS[config.train.precision]):
        raise ValueError(
            f"train.precision is {config.train.precision}, but accelerate is launched with "
            f"mixed_precision {precision}: use the same value, or set accelerate's to 'no'"
        )
    for engine in ENGINES:
        if os.environ.get(f"ACCELERATE_USE_{engine}", "false").lower() == "true":
            raise ValueError(
                f"accelerate is launched with {engine}, which splits networks over GPUs; here each "
                "GPU holds whole networks: run `accelerate config` again and choose plain multi-GPU"
            )
    dynamo = os.environ.get("ACCELERATE_DYNAMO_BACKEND", "NO")
    if dynamo.upper() != "NO":
        raise ValueError(
            f"accelerate is launched with dynamo_backend {dynamo}: set it to 'no' and use "
            "train.compile true"
        )
    accumulate = os.environ.get("ACCELERATE_GRADIENT_ACCUMULATION_STEPS", "1")
    if accumulate not in ("1", str(config.train.accumulate)):
        raise ValueError(
            f"train.accumulate is {config.train.accumulate}, but accelerate is launched with "
            f"gradient_accumulation_steps {accumulate}: use the same value, or set accelerate's "
            "to 1"
        )
    device = config.run.device
    forced = os.environ.get("ACCELERATE_USE_CPU", "false").lower() in ("1", "true", "yes", "on")
    if device in ("cuda", "mps") and forced:
        raise ValueError(
            f"run.device is {device}, but accelerate is launched for CPUs (ACCELERATE_USE_CPU): "
            "remove one of the two settings"
        )
    if device == "cuda" and not torch.cuda.is_available():
        raise ValueError(
            "run.device is cuda, but torch finds no CUDA GPU on this machine: set it to auto or cpu"
        )
    if device == "mps" and not torch.backends.mps.is_available():
        raise ValueError(
            "run.device is mps, but torch finds no Apple GPU on this machine: set it to auto or cpu"
        )
    on_cpu = device == "cpu" or forced or not torch.cuda.is_available()
    if config.train.precision == "fp16" and on_cpu:
        raise ValueError("train.precision fp16 requires a CUDA GPU: use bf16 or fp32")


def share_statistics(network: nn.Module, accelerator: Accelerator) -> nn.Module:
    """Return the network, with batch norm statistics that are computed over all processes.

    ValueError for batch norms in several processes without CUDA: torch cannot share statistics
    there.
    """
    batch_norm = any(isinstance(module, nn.BatchNorm2d) for module in network.modules())
    if batch_norm and accelerator.num_processes > 1:
        if accelerator.device.type != "cuda":
            raise ValueError(
                "networks.norm batch in several processes requires CUDA: use norm instance, or "
                "one process"
            )
        network = nn.SyncBatchNorm.convert_sync_batchnorm(network)
    return network


def distribute(
    network: nn.Module, accelerator: Accelerator, *, channels_last: bool = False
) -> nn.Module:
    """Return the network prepared for training: on the device, with autocast and, if used, DDP."""
    if channels_last:
        network.to(memory_format=torch.channels_last)
    with warnings.catch_warnings():
        # torch 2.15 renames broadcast_buffers; accelerate and torch 2.11 know the old name only.
        warnings.filterwarnings("ignore", "`broadcast_buffers` is deprecated", FutureWarning)
        prepared: nn.Module = accelerator.prepare(network)
    return prepared


def compile_networks(networks: Iterable[nn.Module], device: torch.device) -> str | None:
    """Compile networks in place for fixed shapes; return an error message if no compiler works.

    Parameter names do not change. Shapes are fixed because torch's choice of dynamic ones depends
    on earlier calls, which would change a resumed run's numbers.
    """
    try:
        torch.compile(lambda x: 2 * x + 1, dynamic=False)(torch.ones(8, device=device))
    except Exception as error:  # no C++ compiler, no Triton, no Python headers...
        return str(error).strip().splitlines()[0]
    # torch reads the gradients of inputs while it compiles, and warns about that.
    warnings.filterwarnings("ignore", "The .grad attribute of a Tensor that is not a leaf")
    codes: dict[type[nn.Module], CodeType] = {}
    for network in networks:
        _own_code(network, codes)
        network.compile(dynamic=False)
    return None


def _own_code(network: nn.Module, codes: dict[type[nn.Module], CodeType]) -> None:
    """Give a network's forward method a code object shared only within its run and class.

    torch counts compiled graphs per code object. After eight it stops compiling: further graphs
    run uncompiled. accelerate wraps all networks in the same function, and all runs in a process
    use the same classes. Without separate code objects they would share one count.
    """
    forward: Any = network.forward
    function = forward.__func__
    code = codes.setdefault(type(network), function.__code__.replace(co_name="compiled_forward"))
    copy = FunctionType(
        code, function.__globals__, "forward", function.__defaults__, function.__closure__
    )
    copy.__kwdefaults__ = function.__kwdefaults__
    network.forward = MethodType(copy, network)


def processes_of(accelerator: Accelerator) -> Processes:
    """Return the index of this process and the number of processes, as a Processes."""
    return Processes(accelerator.process_index, accelerator.num_processes)


def main_first(accelerator: Accelerator, build: Callable[[], T]) -> T:
    """Call a function on the main process first, then on the others; return its result on each.

    For instance, the main process downloads a file once, and the others read it. An exception on
    the main process is raised on all.
    """
    built: list[T] = []
    processes_of(accelerator).once(lambda: built.append(build()))
    return built[0] if built else build()
