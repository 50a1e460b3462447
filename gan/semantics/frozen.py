"""The classifier of a run: read from a file, or trained on A's class folders."""

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
"""Name of the file, in a run's folder, of a classifier that the run has trained."""


def classifier_needed(loss: LossConfig) -> bool:
    """Return whether the semantic loss has a weight in any direction."""
    return any(loss.weight("semantic", direction) for direction in DIRECTIONS)


class FrozenClassifier:
    """A frozen classifier of A's images; gradients flow to the images.

    Hoffman et al. 2018 (CyCADA), Sec. 3: the classifier is trained on A alone; one in a file may
    also be trained on both domains. A translation must get the class that the classifier assigns to
    its source, so batches need no labels. In their published code, unlike their paper, the
    classifier is trained during the run, with A's labels as the target. Ours is fixed, so that a
    step depends on its images alone. It computes in float32, whatever train.precision is.
    """

    def __init__(self, config: Config, device: torch.device) -> None:
        """Read the file of semantic.classifier; if it is not set, train on A's class folders.

        A trained classifier is written to the run's folder, and read from there if its recipe is
        still the same. ValueError, with the file or folder, if a classifier cannot be read, does
        not return logits, or cannot be trained on the folders of A. Create it on the main process
        first: the others then read the file.
        """
        path = config.semantic.classifier
        if path is None:
            path = config.run.dir / FILE
            if not path.exists() or load_classifier(path)[1] != recipe(config):
                count, right = train_classifier(config, device, path)
                print(f"{path}: {count} classes of A, accuracy {right:.1%}", file=sys.stderr)
        self.network = _read_classifier(path).to(device)
        self.fingerprints = {"semantic.classifier": file_sha256(path)[:16]}
        check_logits(self.network, path, config, device)

    def __call__(self, images: Tensor) -> Tensor:
        """Return logits (N, classes) of images (N, C, H, W) in [-1, 1]."""
        logits: Tensor = self.network(images)
        return logits


def _read_classifier(path: Path) -> nn.Module:
    """Return the classifier of a file, .safetensors or TorchScript, frozen and on the CPU.

    ValueError if the file cannot be read.
    """
    if path.suffix == ".safetensors":
        network: nn.Module = load_classifier(path)[0]
    else:
        try:
            with warnings.catch_warnings(action="ignore", category=FutureWarning):
                # torch has deprecated TorchScript, but such files are still in use.
                network = torch.jit.load(str(path), map_location="cpu")
        except (RuntimeError, ValueError, OSError) as error:
            raise ValueError(
                f"semantic.classifier: {path}: cannot be read as TorchScript: "
                f"{str(error).strip().splitlines()[0]}"
            ) from error
    for parameter in network.parameters():  # TorchScript has no requires_grad_
        parameter.requires_grad_(False)
    return network.eval()


def check_logits(network: nn.Module, path: Path, config: Config, device: torch.device) -> None:
    """Raise ValueError unless a classifier returns logits for images of the run's crop size."""
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
            f"semantic.classifier: {path} returns {given} for images {shape}: it must return "
            "logits (2, classes)"
        )
