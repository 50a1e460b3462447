"""VGG-16 with random weights up to relu3_1, and a random decoder for it."""

from pathlib import Path

import pytest

from gan.networks.files import save_generator
from gan.networks.vgg import VggAutoencoder
from tests.support import decoders


@pytest.fixture(scope="session")
def network() -> VggAutoencoder:
    """Return a network with random weights, whose pictures use the whole range."""
    return decoders.random_network()


@pytest.fixture(scope="session")
def decoder_file(network: VggAutoencoder, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("decoder") / "decoder.safetensors"
    save_generator(network.state_dict(), path, decoders.SPEC, {"direction": "ab"})
    return path
