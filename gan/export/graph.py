"""A generator as a graph can hold it: the size rule inside, layers that every runtime knows."""

import copy

import torch
from torch import Tensor, nn

from gan.networks.layers import use_torch_layers


class Graph(nn.Module):
    """The same function as a generator, for batches and pictures of any size.

    The picture is mirrored at its lower and right edge to the network's multiple, and cropped back;
    `gan.networks.layers.run_padded` does so with sizes that are known, this one with any.
    """

    def __init__(self, network: nn.Module, multiple: int) -> None:
        """multiple is the generator's size multiple."""
        super().__init__()
        self.network = plain(network)
        # Without what pads around it.
        self.inner = getattr(self.network, "model", self.network)
        self.multiple = multiple

    def forward(self, image: Tensor) -> Tensor:
        """Translate (N, C, H, W) in [-1, 1], H and W from 16 up."""
        height, width = image.shape[-2:]
        image = image.index_select(2, self.mirrored(height, image.device))
        image = image.index_select(3, self.mirrored(width, image.device))
        result: Tensor = self.inner(image)
        # Not slices, which export takes apart into those that crop and those that do not.
        result = result.index_select(2, torch.arange(height, device=image.device))
        return result.index_select(3, torch.arange(width, device=image.device))

    def mirrored(self, size: int, device: torch.device) -> Tensor:
        """Return which line stands where after mirroring `size` lines to a multiple, repeatedly."""
        padded = (size + self.multiple - 1) // self.multiple * self.multiple
        # A tensor: ONNX has no remainder by a size.
        period = torch.full((), 2 * size - 2, dtype=torch.int64, device=device)
        around = torch.arange(padded, device=device) % period
        return torch.minimum(around, period - around)


def plain(network: nn.Module) -> nn.Module:
    """Return a copy in eval mode with torch's layers, not our faster ones."""
    network = copy.deepcopy(network).eval().cpu()
    use_torch_layers(network)
    for module in list(network.modules()):
        for name, child in module.named_children():
            if isinstance(child, nn.Dropout):
                setattr(module, name, nn.Identity())
    return network.requires_grad_(False)


def traced(network: nn.Module, channels: int, multiple: int) -> torch.export.ExportedProgram:
    """Return the graph of a generator for any batch, height and width."""
    side = 2 * multiple + 3  # off the multiple, and no two sizes alike
    example = torch.zeros(2, channels, side, side + 6)
    free = dict.fromkeys((0, 2, 3), torch.export.Dim.DYNAMIC)
    return torch.export.export(Graph(network, multiple), (example,), dynamic_shapes=(free,))
