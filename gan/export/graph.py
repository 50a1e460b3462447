"""Prepare a generator for export: pad in the graph, and use layers of every runtime."""

import copy

import torch
from torch import Tensor, nn

from gan.networks.layers import use_torch_layers


class Graph(nn.Module):
    """A generator for batches and images of any size.

    The image is mirrored at its lower and right edge up to the network's multiple, and the result
    is cropped. `gan.networks.layers.run_padded` does the same for sizes that are known in Python.
    """

    def __init__(self, network: nn.Module, multiple: int) -> None:
        """Wrap a copy of the network; multiple is its size multiple."""
        super().__init__()
        self.network = plain(network)
        # The layers without the code that pads.
        self.inner = getattr(self.network, "model", self.network)
        self.multiple = multiple

    def forward(self, image: Tensor) -> Tensor:
        """Translate images (N, C, H, W) in [-1, 1]; H and W are at least 16."""
        height, width = image.shape[-2:]
        image = image.index_select(2, self.mirrored(height, image.device))
        image = image.index_select(3, self.mirrored(width, image.device))
        result: Tensor = self.inner(image)
        # Not slices: export would distinguish slices that crop from slices that do not.
        result = result.index_select(2, torch.arange(height, device=image.device))
        return result.index_select(3, torch.arange(width, device=image.device))

    def mirrored(self, size: int, device: torch.device) -> Tensor:
        """Return the source index of each line after mirroring `size` lines up to the multiple."""
        padded = (size + self.multiple - 1) // self.multiple * self.multiple
        # A tensor: ONNX does not support the remainder by a size.
        period = torch.full((), 2 * size - 2, dtype=torch.int64, device=device)
        around = torch.arange(padded, device=device) % period
        return torch.minimum(around, period - around)


def plain(network: nn.Module) -> nn.Module:
    """Return a copy on the CPU in eval mode, with torch's layers in place of our faster ones.

    Dropout becomes the identity.
    """
    network = copy.deepcopy(network).eval().cpu()
    use_torch_layers(network)
    for module in list(network.modules()):
        for name, child in module.named_children():
            if isinstance(child, nn.Dropout):
                setattr(module, name, nn.Identity())
    return network.requires_grad_(False)


def traced(network: nn.Module, channels: int, multiple: int) -> torch.export.ExportedProgram:
    """Return the graph of a generator for any batch size, height and width."""
    side = 2 * multiple + 3  # not a multiple, and different for height and width
    example = torch.zeros(2, channels, side, side + 6)
    free = dict.fromkeys((0, 2, 3), torch.export.Dim.DYNAMIC)
    return torch.export.export(Graph(network, multiple), (example,), dynamic_shapes=(free,))
