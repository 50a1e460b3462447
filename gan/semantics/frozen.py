"""The classifier of a run: out of a file, or trained on A's class folders."""

import sys
import warnings
from pathlib import Path

import torch
from torch import Tensor, nn

from gan.config import Config, LossConfig
from gan.domains import DIRECTIONS
from gan.semantics.network import load_classifier
from gan.semantics.training import recipe, train_classifier
from gan.system.hashing import file_sha256

FILE = "classifier.safetensors"
"""Where a run leaves the classifier that it has trained."""


def classifier_needed(loss: LossConfig) -> bool:
    """Return whether any term needs a classifier."""
    return any(loss.weight("semantic", direction) for direction in DIRECTIONS)


class FrozenClassifier:
    """A classifier of A's images that nothing trains; gradients flow to the images.

    Hoffman et al. 2018 (CyCADA), Sec. 3: it is trained on A alone, unless a file holds one that
    knows both domains, and what it takes an image of either domain for is what it is to take the
    translation for. So no batch needs a label. Their published code, unlike their paper, trains it
    along and takes A's labels for the goal; ours stays as it is, and a step stays a function of its
    images. float32, whatever train.precision is.
    """

    def __init__(self, config: Config, device: torch.device) -> None:
        """Read semantic.classifier, or train one if the run's folder does not hold it already.

        ValueError names the file or the folder that is wrong. Call it on the main process first.
        """
        path = config.semantic.classifier
        if path is None:
            path = config.run.dir / FILE
            if not path.exists() or load_classifier(path)[1] != recipe(config):
                count, right = train_classifier(config, device, path)
                print(f"{path}: {count} classes of A, {right:.1%} right", file=sys.stderr)
        self.network = _read_classifier(path).to(device)
        self.fingerprints = {"semantic.classifier": file_sha256(path)[:16]}
        check_logits(self.network, path, config, device)

    def __call__(self, images: Tensor) -> Tensor:
        """Return logits (N, classes) of images (N, C, H, W) in [-1, 1]."""
        logits: Tensor = self.network(images)
        return logits


def _read_classifier(path: Path) -> nn.Module:
    """Read one of ours or, if not called .safetensors, a TorchScript one; frozen, on the CPU."""
    if path.suffix == ".safetensors":
        network: nn.Module = load_classifier(path)[0]
    else:
        try:
            with warnings.catch_warnings(action="ignore", category=FutureWarning):
                # torch has put TorchScript on notice, but files of it are about.
                network = torch.jit.load(str(path), map_location="cpu")
        except (RuntimeError, ValueError, OSError) as error:
            raise ValueError(
                f"semantic.classifier: {path}: cannot be read as TorchScript: "
                f"{str(error).strip().splitlines()[0]}"
            ) from error
    for parameter in network.parameters():  # requires_grad_ is not for TorchScript
        parameter.requires_grad_(False)
    return network.eval()


def check_logits(network: nn.Module, path: Path, config: Config, device: torch.device) -> None:
    """Raise ValueError where a classifier does not tell classes of the run's crops."""
    shape = (2, config.data.channels_a, config.data.crop_size, config.data.crop_size)
    try:
        with torch.no_grad():
            logits = network(torch.zeros(shape, device=device))
    except RuntimeError as error:
        raise ValueError(
            f"semantic.classifier: {path} fails on images {shape}: "
            f"{str(error).strip().splitlines()[-1]}"
        ) from error
    if (
        not isinstance(logits, Tensor)
        or logits.ndim != 2
        or len(logits) != 2
        or logits.shape[1] < 2
    ):
        given = tuple(logits.shape) if isinstance(logits, Tensor) else type(logits).__name__
        raise ValueError(
            f"semantic.classifier: {path} gives {given} for images {shape}: logits (2, classes) "
            "are wanted"
        )
