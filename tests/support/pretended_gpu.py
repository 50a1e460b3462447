"""A GPU that is not there: shapes, devices and precisions of CUDA tensors, without their numbers.

torch's fake tensors carry a device and a dtype through every operator, CUDA's own autocast
included, and reject operators on two devices. This module replaces functions of `torch.cuda` as for
the second of two processes: its GPU has the number 1, and in a new thread GPU 0 is current until
the thread sets another.

Files are read without fake tensors, and functions that need a tensor's numbers return made-up ones.

It cannot test numbers, streams and their order, memory, kernels, errors of CUDA's libraries,
backward passes (torch needs a driver for them), TorchScript or NCCL.
"""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest.mock import patch

import torch
from torch import Tensor, nn
from torch._subclasses.fake_tensor import FakeTensor, FakeTensorMode, unset_fake_temporarily
from torch.utils._python_dispatch import TorchDispatchMode

from gan.features import Features
from gan.interop import open_generator
from gan.interop.generators import Opened
from gan.semantics.network import load_classifier

GPU = torch.device("cuda", 1)


class Present:
    """The current GPU of each thread: 0 in a new one."""

    def __init__(self) -> None:
        self.of = threading.local()

    def set(self, device: Any) -> None:
        """Set this thread's GPU."""
        self.of.number = device if isinstance(device, int) else torch.device(device).index

    def get(self, *_: Any) -> int:
        """Return this thread's GPU."""
        number: int = getattr(self.of, "number", 0)
        return number


class Stream:
    """A stream whose work is always finished."""

    def __init__(self, *_: Any) -> None: ...
    def query(self) -> bool:
        return True

    def is_capturing(self) -> bool:
        return False

    def wait_stream(self, _: Any) -> None: ...


@contextmanager
def pretended_gpu() -> Iterator[FakeTensorMode]:
    """Pretend that GPU 1 is this process's; tensors made inside the context are fake."""
    present, mode = Present(), FakeTensorMode(allow_non_fake_inputs=True)
    answers: dict[str, Any] = {
        "is_available": lambda: True,
        "is_initialized": lambda: True,
        "_lazy_init": lambda: None,
        "is_bf16_supported": lambda *_, **__: True,
        "device_count": lambda: 2,
        "current_device": present.get,
        "set_device": present.set,
        "mem_get_info": lambda *_: (10**12, 10**12),
        "memory_reserved": lambda *_: 0,
        "memory_allocated": lambda *_: 0,
        "get_device_capability": lambda *_: (9, 0),
        "is_current_stream_capturing": lambda: False,
        "Stream": Stream,
        "current_stream": Stream,
    }
    present.set(GPU)
    torch.set_autocast_cache_enabled(False)  # it ends what it holds with a question to the driver
    with (
        patch.multiple(torch.cuda, **answers),
        patch.object(nn.Module, "_apply", _apply),
        patch.multiple(FakeTensor, create=True, **WITHOUT_NUMBERS),
        patch.object(Tensor, "__getitem__", _getitem),
        patch("torch.accelerator.current_stream", Stream),
        patch("torch.tensor", TENSOR),
        patch("torch.as_tensor", _placed(torch.as_tensor)),
        patch("torch.combinations", lambda x: x.new_zeros(1, 2)),
        patch("torch.autograd.grad", lambda _, x, **__: (torch.zeros_like(x),)),
        _files_read_outside(mode),
        patch("gan.features.extractor._fingerprint", lambda _: "none"),
        patch("gan.inference.folder.streams.ThreadPoolExecutor", _pool_in(mode)),
        mode,
        torch.no_grad(),
    ):
        yield mode


def _apply(
    self: nn.Module, function: Callable[[Tensor], Tensor], recurse: bool = True
) -> nn.Module:
    """Move a module as torch does; it cannot exchange fake tensors in place."""
    for child in self.children():
        _apply(child, function)
    for name, parameter in self._parameters.items():
        if parameter is not None:
            self._parameters[name] = nn.Parameter(function(parameter), parameter.requires_grad)
    for name, buffer in self._buffers.items():
        if buffer is not None:
            self._buffers[name] = function(buffer)
    return self


def _getitem(self: Tensor, key: Any) -> Tensor:
    """Index a tensor with other operators, because torch's indexing calls the driver first."""
    keys = list(key) if isinstance(key, tuple) else [key]
    if self.device.type != "cuda":
        part: Tensor = GETITEM(self, key)
        return part
    if any(each is Ellipsis for each in keys):
        place = next(place for place, each in enumerate(keys) if each is Ellipsis)
        missing = self.dim() - (len(keys) - 1 - sum(each is None for each in keys))
        keys[place : place + 1] = [slice(None)] * missing
    result, dim = self, 0
    for each in keys:
        if each is None:
            result = result.unsqueeze(dim)
        elif isinstance(each, int):
            result, dim = result.select(dim, each), dim - 1
        elif isinstance(each, (list, Tensor)):
            places = torch.as_tensor(each)
            result = torch.ops.aten.index.Tensor(result, [None] * dim + [places])
            dim += places.dim() - 1
        elif each != slice(None):
            start, stop, step = each.indices(result.shape[dim])
            result = torch.ops.aten.slice.Tensor(result, dim, start, stop, step)
        dim += 1
    return result


GETITEM: Any = Tensor.__getitem__


@contextmanager
def _files_read_outside(mode: FakeTensorMode) -> Iterator[None]:
    """Read frozen networks and generators from files, and make their tensors fake."""

    def outside(read: Callable[..., Any]) -> Callable[..., Any]:
        def reads(*arguments: Any) -> Any:
            with unset_fake_temporarily():
                result = read(*arguments)
            parts = result if isinstance(result, tuple) else (result,)
            for part in parts:
                network = part.network if isinstance(part, Opened) else part
                if isinstance(network, nn.Module):
                    _apply(network, mode.from_tensor)
            return result

        return reads

    with ExitStack() as stack:
        for name, read in READ.items():
            stack.enter_context(patch(name, outside(read)))
        yield


READ: dict[str, Callable[..., Any]] = {
    "gan.training.perceptual.Features": Features,
    "gan.features.projected.Features": Features,
    "gan.inference.translator.open_generator": open_generator,
    "gan.evaluation.command.open_generator": open_generator,
    "gan.semantics.frozen.load_classifier": load_classifier,
}


def _tolist(self: Tensor) -> list[bool] | list[float]:
    """Return made-up numbers for checks of finite translations, and for scores."""
    assert self.dim() == 1
    return [True] * len(self) if self.dtype == torch.bool else [1.0] * len(self)


def _placed(make: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """Return a function that makes a tensor on the CPU first, and then a fake one."""

    def placed(data: Any, *, device: Any = None, **kwargs: Any) -> Tensor:
        made = make(data, **kwargs)
        if isinstance(made, FakeTensor):
            made.constant = None  # with its numbers it would really be copied to a GPU
        return made if device is None else made.to(device)

    return placed


TENSOR = _placed(torch.tensor)
WITHOUT_NUMBERS: dict[str, Any] = {
    "tolist": _tolist,
    "item": lambda _: 1.0,
    "nonzero": lambda self: torch.arange(len(self), device=self.device)[:, None],
    "new_tensor": lambda self, data: TENSOR(data, dtype=self.dtype, device=self.device),
    "copy_": lambda self, other, *_, **__: torch.ops.aten.copy_.default(self, other),
    "__float__": lambda _: 1.0,
    "__int__": lambda _: 0,
    "__bool__": lambda _: True,
    "__invert__": lambda self: torch.bitwise_not(self),
}
"""Methods of fake tensors that need no driver."""


def _pool_in(mode: FakeTensorMode) -> type[ThreadPoolExecutor]:
    """Return a pool whose threads make fake tensors, too: every thread has its own mode."""

    class Pool(ThreadPoolExecutor):
        def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
            def inside() -> Any:
                with mode, torch.no_grad():
                    return fn(*args, **kwargs)

            return super().submit(inside)

    return Pool


class Float32Maps(TorchDispatchMode):
    """Records operators that return feature maps in float32 instead of half precision."""

    def __init__(self, channels: int) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.channels = channels
        self.found: set[str] = set()

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        result = func(*args, **(kwargs or {}))
        if isinstance(result, Tensor) and result.dtype == torch.float32 and result.dim() == 4:
            _, channels, height, _ = result.shape
            if channels >= self.channels and height > 8:
                self.found.add(func.name())
        return result


class MixedOperands(TorchDispatchMode):
    """Records operators whose tensors have several devices, or several floating precisions."""

    COPIES = ("aten::copy_", "aten::_to_copy", "aten::_fused_adam_", "aten::lerp")

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.found: set[str] = set()

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        given = [arg for arg in args if isinstance(arg, Tensor) and arg.dim()]
        dtypes = {arg.dtype for arg in given if arg.is_floating_point()}
        several = len(dtypes) > 1 or len({arg.device for arg in given}) > 1
        if several and not func.name().startswith(self.COPIES):
            self.found.add(func.name())
        return func(*args, **(kwargs or {}))
