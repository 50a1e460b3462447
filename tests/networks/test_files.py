"""A generator's file: exact, equal for equal weights, rejected by name if damaged."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from resource import RUSAGE_SELF, getrusage
from typing import Any

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from gan.networks import build_generator, init_weights
from gan.networks.files import KEY, load_generator, save_generator

SPECS: list[dict[str, Any]] = [
    {"kind": "resnet_6blocks", "channels": 2, "norm": "instance", "upsample": "resize"},
    {"kind": "resnet_6blocks", "channels": 2, "norm": "batch", "dropout": True},
    {"kind": "unet_128", "channels": 2, "in_channels": 1, "out_channels": 3, "norm": "none"},
]


@pytest.mark.parametrize("spec", SPECS, ids=["resnet", "batch norm", "unet"])
def test_a_generator_is_loaded_exactly(tmp_path: Path, spec: dict[str, Any]) -> None:
    """Its weights and buffers, its output bit by bit, its arguments, and the facts about it."""
    network = build_generator(**spec)
    init_weights(network, 0.3, torch.Generator().manual_seed(1))
    network(torch.rand(2, spec.get("in_channels", 3), 32, 32))  # moves the batch norms' statistics
    about = {"step": 3, "direction": "ba", "folder": "Gemälde"}
    save_generator(network.state_dict(), tmp_path / "g.safetensors", spec, about)

    loaded, loaded_spec, loaded_about = load_generator(tmp_path / "g.safetensors")
    assert (loaded_spec, loaded_about) == (spec, about)
    assert not loaded.training
    for name, tensor in network.state_dict().items():
        assert torch.equal(loaded.state_dict()[name], tensor)
    x = torch.rand(1, spec.get("in_channels", 3), 20, 33)
    with torch.no_grad():
        assert torch.equal(loaded(x), network.eval()(x))


@pytest.mark.parametrize(
    "dtype", [torch.float16, torch.bfloat16, torch.float64, torch.float8_e4m3fn], ids=str
)
def test_weights_of_any_precision_are_loaded_as_float32(
    dtype: torch.dtype, tmp_path: Path, generator_file: Path
) -> None:
    """From a file in half precision, which takes half the space, and one in double precision."""
    network, spec, about = load_generator(generator_file)
    narrow = {
        name: tensor.to(dtype) if tensor.is_floating_point() else tensor
        for name, tensor in network.state_dict().items()
    }
    save_generator(narrow, tmp_path / "g.safetensors", spec, about)
    loaded = load_generator(tmp_path / "g.safetensors")[0]
    for name, tensor in loaded.state_dict().items():
        assert torch.equal(tensor, narrow[name].to(torch.float32))
    loaded(torch.rand(1, 3, 16, 16))


def test_complex_weights_are_rejected_by_name(tmp_path: Path, generator_file: Path) -> None:
    network, spec, about = load_generator(generator_file)
    path = tmp_path / "g.safetensors"
    weights = {name: tensor.to(torch.cfloat) for name, tensor in network.state_dict().items()}
    save_generator(weights, path, spec, about)
    with pytest.raises(ValueError, match=r"g\.safetensors: cannot be read .* has complex numbers"):
        load_generator(path)


@pytest.mark.parametrize("about", [None, [], "text", 3])
def test_facts_that_are_not_a_mapping_are_rejected(
    about: Any, tmp_path: Path, generator_file: Path
) -> None:
    network, spec, _ = load_generator(generator_file)
    path = tmp_path / "g.safetensors"
    save_generator(network.state_dict(), path, spec, about)
    with pytest.raises(ValueError, match=r"g\.safetensors: .* do not fit: about is "):
        load_generator(path)


def test_any_safetensors_reader_can_open_it(generator_file: Path) -> None:
    names = build_generator("resnet_6blocks", channels=2).state_dict().keys()
    assert load_file(generator_file).keys() == names
    with safe_open(generator_file, framework="pt") as file:
        assert json.loads(file.metadata()[KEY])["version"] == 1


def test_equal_weights_make_equal_files(
    tmp_path: Path, new_generator: Callable[..., Path], generator_file: Path
) -> None:
    again = new_generator(tmp_path / "again.safetensors").read_bytes()
    other = new_generator(tmp_path / "other.safetensors", seed=1).read_bytes()
    assert again == generator_file.read_bytes()
    assert other != again


def test_an_interrupted_save_keeps_only_the_old_file(
    tmp_path: Path, new_generator: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = new_generator(tmp_path / "g.safetensors")
    before = path.read_bytes()

    def disk_full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", disk_full)
    with pytest.raises(OSError, match="No space left"):
        new_generator(path, seed=1)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_a_truncated_file_is_rejected_by_name(tmp_path: Path, generator_file: Path) -> None:
    whole, path = generator_file.read_bytes(), tmp_path / "cut.safetensors"
    for length in (0, 4, 100, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:length])
        with pytest.raises(ValueError, match=f"^{re.escape(str(path))}: "):
            load_generator(path)


def test_files_with_other_content_are_rejected_by_name(
    tmp_path: Path, generator_file: Path
) -> None:
    weights = load_file(generator_file)
    first, tensor = next(iter(weights.items()))
    with safe_open(generator_file, framework="pt") as file:
        metadata = file.metadata()
    described = json.loads(metadata[KEY])
    unknown = {KEY: json.dumps(described | {"generator": {"kind": "vit_large"}})}
    wrong: dict[str, tuple[dict[str, torch.Tensor], dict[str, str] | None]] = {
        "another model": (weights, None),
        "of another shape": (weights | {first: torch.cat([tensor, tensor])}, metadata),
        "a missing weight": ({k: v for k, v in weights.items() if k != first}, metadata),
        "a weight too many": (weights | {"extra": tensor.clone()}, metadata),
        "an unknown network": (weights, unknown),
    }
    for name, (tensors, about) in wrong.items():
        path = tmp_path / f"{name}.safetensors"
        save_file(tensors, path, about)
        with pytest.raises(ValueError, match=f"^{re.escape(str(path))}: ") as caught:
            load_generator(path)
        assert "\n" not in str(caught.value)
    (tmp_path / "text.safetensors").write_text("these are no weights, whatever the suffix says")
    for name in ("text.safetensors", "missing.safetensors"):
        with pytest.raises(ValueError, match=re.escape(name)):
            load_generator(tmp_path / name)


def hostile_files(generator: Path) -> dict[str, bytes]:
    """Files that claim what they do not contain, by their fault."""
    whole = generator.read_bytes()
    length = int.from_bytes(whole[:8], "little")
    header = json.loads(whole[8 : 8 + length])
    described = json.loads(header["__metadata__"][KEY])
    name = next(name for name in header if name != "__metadata__")

    def again(changed: dict[str, Any]) -> bytes:
        text = json.dumps(changed).encode()
        return len(text).to_bytes(8, "little") + text + whole[8 + length :]

    def saying(**changes: Any) -> bytes:
        text = json.dumps(described | changes)
        return again(header | {"__metadata__": {KEY: text}})

    return {
        "shape": again(header | {name: header[name] | {"shape": [2**40, 2**20]}}),
        "negative shape": again(header | {name: header[name] | {"shape": [-1]}}),
        "beyond the end": again(header | {name: header[name] | {"data_offsets": [0, 2**50]}}),
        "header of 2 GB": (2 * 2**30).to_bytes(8, "little") + whole[8:],
        "header of all there is": (2**64 - 1).to_bytes(8, "little") + whole[8:],
        "version": saying(version=2),
        "version in words": saying(version="new"),
        "a million channels": saying(generator=described["generator"] | {"channels": 10**6}),
        "a billion blocks": saying(generator={"kind": "resnet_1000000000blocks"}),
        "channels in words": saying(generator={"kind": "unet_128", "channels": "many"}),
        "no channels": saying(generator={"kind": "unet_128", "channels": -3}),
    }


HOSTILE = [
    "shape", "negative shape", "beyond the end", "header of 2 GB", "header of all there is",
    "version", "version in words", "a million channels", "a billion blocks", "channels in words",
    "no channels",
]  # fmt: skip


@pytest.mark.parametrize("lie", HOSTILE)
def test_a_file_with_false_sizes_is_rejected_without_using_memory(
    tmp_path: Path, generator_file: Path, lie: str
) -> None:
    path = tmp_path / "hostile.safetensors"
    path.write_bytes(hostile_files(generator_file)[lie])
    before = getrusage(RUSAGE_SELF).ru_maxrss
    with pytest.raises(ValueError, match=f"^{re.escape(str(path))}: ") as caught:
        load_generator(path)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 400
    assert (
        getrusage(RUSAGE_SELF).ru_maxrss - before < 200_000
    )  # kilobytes; false sizes are gigabytes


def test_a_later_version_is_named(tmp_path: Path, generator_file: Path) -> None:
    path = tmp_path / "later.safetensors"
    path.write_bytes(hostile_files(generator_file)["version"])
    with pytest.raises(ValueError, match="version 2 of this format; this program reads 1"):
        load_generator(path)


@pytest.mark.parametrize("description", ["{", "[]", "{}", '{"generator": {}}', '{"about": {}}'])
def test_a_damaged_description_is_rejected_by_name(
    tmp_path: Path, generator_file: Path, description: str
) -> None:
    path = tmp_path / "damaged.safetensors"
    save_file(load_file(generator_file), path, {KEY: description})
    with pytest.raises(ValueError, match=f"^{re.escape(str(path))}: "):
        load_generator(path)


@pytest.mark.parametrize("key", ["norm", "upsample", "downsample"])
def test_a_description_with_an_unknown_name_is_rejected(
    generator_file: Path, tmp_path: Path, key: str
) -> None:
    network, spec, about = load_generator(generator_file)
    path = tmp_path / "gen_ab.safetensors"
    save_generator(network.state_dict(), path, spec | {key: "strange"}, about)
    with pytest.raises(ValueError, match=rf"gen_ab.*{key} is strange, must be one of "):
        load_generator(path)
