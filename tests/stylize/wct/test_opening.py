"""Files that method wct opens, and others, which it rejects in one sentence."""

from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from gan.networks.files import KEY, save_generator
from gan.networks.vgg import VggAutoencoder
from gan.stylize import StylizeOptions
from gan.stylize.wct.opening import EARLIER, open_painter
from gan.stylize.wct.painter import Painter
from tests.support import decoders

TRAIN = r"train one with gan train --config wct --data\.a PHOTOS"


def opened(decoder: Path, levels: tuple[int, ...] = (3, 1)) -> Painter:
    config = StylizeOptions(
        content=Path("a.png"), style=[Path("b.png")], output=Path("c.png"), method="wct",
        wct={"decoder": decoder, "levels": levels},
    )  # fmt: skip
    return open_painter(config, torch.device("cpu"))


def test_a_file_or_its_run_directory_is_opened_as_it_was_written(
    decoder_file: Path, network: VggAutoencoder, tmp_path: Path
) -> None:
    (tmp_path / "gen_ab.safetensors").write_bytes(decoder_file.read_bytes())
    for path in (decoder_file, tmp_path):
        painter = opened(path)
        assert painter.levels == [3, 1]
        for name, weights in painter.network.state_dict().items():
            assert torch.equal(weights, network.state_dict()[name])
            assert not weights.requires_grad


def test_a_decoder_of_an_earlier_version_is_to_be_trained_again(
    decoder_file: Path, tmp_path: Path
) -> None:
    save_file(load_file(decoder_file), tmp_path / "old.safetensors", {EARLIER: "{}"})
    with pytest.raises(ValueError, match=rf"old.safetensors is from an earlier version: {TRAIN}"):
        opened(tmp_path / "old.safetensors")


def changed(folder: Path, network: VggAutoencoder, **changes: Any) -> Path:
    """Write the network's weights with another description."""
    save_generator(network.state_dict(), folder / "x.safetensors", decoders.SPEC | changes, {})
    return folder / "x.safetensors"


@pytest.mark.parametrize(("changes", "message"), [
    ({"kind": "vgg_4levels"}, "is missing"),
    ({"kind": "vgg_2levels"}, "is unknown"),
    ({"kind": "vgg_5levels"}, "no generator vgg_5levels"),
    ({"kind": "vgg_999999999levels"}, "no generator vgg_9"),
    ({"channels": 32}, "instead of"),
    ({"channels": 10**9}, "fit"),
    ({"channels": -1}, "fit"),
    ({"out_channels": 10**9}, "instead of"),
    ({"channels": "64"}, "fit"),
])  # fmt: skip
def test_a_file_whose_description_does_not_fit_is_rejected(
    changes: dict[str, Any], message: str, network: VggAutoencoder, tmp_path: Path
) -> None:
    with pytest.raises(ValueError, match=rf"wct\.decoder: .*x\.safetensors: .*{message}") as caught:
        opened(changed(tmp_path, network, **changes))
    assert "\n" not in str(caught.value)


def test_other_generators_are_rejected(generator_file: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=f"holds resnet_6blocks, which is not a decoder: {TRAIN}"):
        opened(generator_file)
    gray = decoders.SPEC | {"in_channels": 1, "out_channels": 1}
    state = decoders.random_network(**gray).state_dict()
    save_generator(state, tmp_path / "gray.safetensors", gray, {})
    with pytest.raises(ValueError, match="decodes gray pictures, not color"):
        opened(tmp_path / "gray.safetensors")


def test_other_files_are_rejected(decoder_file: Path, tmp_path: Path) -> None:
    pickled, short = tmp_path / "pickle.safetensors", tmp_path / "short.safetensors"
    torch.save({"stages.0.1.weight": torch.zeros(3)}, pickled)
    short.write_bytes(decoder_file.read_bytes()[:-1000])
    save_file({"x": torch.zeros(1)}, tmp_path / "plain.safetensors", {KEY: "{"})
    for path, message in (
        (pickled, "cannot be read as a decoder"),
        (short, "cannot be read as a decoder"),
        (tmp_path / "plain.safetensors", "weights and description do not fit"),
        (tmp_path / "missing.safetensors", rf"no such run directory or generator file: {TRAIN}"),
    ):
        with pytest.raises(ValueError, match=rf"wct\.decoder: .*{path.name}: {message}"):
            opened(path)


def test_relu4_1_is_painted_with_a_decoder_of_four_levels(tmp_path: Path) -> None:
    spec = decoders.SPEC | {"kind": "vgg_4levels", "channels": 4}
    state = decoders.random_network(**spec).state_dict()
    save_generator(state, tmp_path / "deep.safetensors", spec, {})
    painter, draws = opened(tmp_path / "deep.safetensors", (4, 2)), torch.Generator().manual_seed(0)
    photo, *paintings = (torch.rand(1, 3, 33, 40, generator=draws) * 2 - 1 for _ in range(3))
    results = [painter.paint(photo, [painter.styles(each)], [1.0]) for each in paintings]
    assert [each.shape for each in results] == [photo.shape] * 2
    assert (results[0] - results[1]).abs().mean() > 1e-3
