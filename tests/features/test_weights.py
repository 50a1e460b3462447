"""Sources of weights: a local file, the cache, a download; errors name the file."""

import hashlib
import shutil
import socket
from pathlib import Path
from typing import Any
from urllib.error import URLError

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor
from torchvision.models import mobilenet_v2

from gan.features import Features
from gan.features.weights import TIMEOUT, pretrained

NAME = "mobilenet_v2-b0353104.pth"
LAYER = "features.2"


@pytest.fixture(scope="module")
def weights() -> dict[str, Tensor]:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return dict(mobilenet_v2(weights=None).state_dict())


def needed(weights: dict[str, Tensor]) -> dict[str, Tensor]:
    return {
        k: t
        for k, t in weights.items()
        if k.startswith(("features.0", "features.1.", "features.2."))
    }


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """torchvision's cache, empty, without a network connection."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(torch.hub, "_hub_dir", None)

    def reject(*_: Any) -> None:
        raise URLError("no route")

    monkeypatch.setattr(torch.hub, "download_url_to_file", reject)
    return tmp_path / "home/hub/checkpoints"


def features_map(path: Path) -> Tensor:
    images = torch.linspace(-1, 1, 3 * 32 * 32).view(1, 3, 32, 32)
    with torch.no_grad():
        maps: Tensor = Features("mobilenet_v2", [LAYER], path)(images)[LAYER]
        return maps


@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
def test_whole_files_and_parts_of_both_kinds_give_the_same_maps(
    suffix: str, weights: dict[str, Tensor], tmp_path: Path
) -> None:
    whole, part = tmp_path / f"whole{suffix}", tmp_path / f"part{suffix}"
    without_counters = {k: t for k, t in needed(weights).items() if "num_batches" not in k}
    for path, tensors in ((whole, weights), (part, without_counters)):
        torch.save(tensors, path) if suffix == ".pth" else save_file(tensors, path)
    assert torch.equal(features_map(whole), features_map(part))
    assert features_map(whole).std() > 0


def test_weights_in_half_precision_become_float32(
    weights: dict[str, Tensor], tmp_path: Path
) -> None:
    path = tmp_path / "half.safetensors"
    save_file({k: t.half() if t.is_floating_point() else t for k, t in weights.items()}, path)
    assert features_map(path).dtype == torch.float32


@pytest.mark.parametrize(("change", "message"), [
    ({"features.1.conv.1.weight": None}, "features.1.conv.1.weight is missing"),
    ({"features.99.weight": torch.zeros(1)}, "features.99.weight is unknown"),
    ({"features.0.0.weight": torch.zeros(8, 3, 3, 3)},
        "features.0.0.weight is (8, 3, 3, 3) instead of (32, 3, 3, 3)"),
    ({"features.0.0.weight": None, "extra": torch.zeros(1)},
        "features.0.0.weight is missing and 1 more"),
])  # fmt: skip
def test_a_file_of_another_network_is_named_with_the_reason(
    change: dict[str, Tensor | None], message: str, weights: dict[str, Tensor], tmp_path: Path
) -> None:
    path = tmp_path / "wrong.safetensors"
    save_file({k: t for k, t in (weights | change).items() if t is not None}, path)
    with pytest.raises(ValueError) as caught:  # noqa: PT011, the whole message is compared
        features_map(path)
    assert str(caught.value) == f"{path}: these are not the weights of mobilenet_v2: {message}"


@pytest.mark.parametrize("name", ["w.pth", "w.safetensors", "folder.pth"])
def test_a_file_that_is_not_weights_is_named(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    for content in (
        b"",
        b"no weights",
        b"\x80\x02}q\x00.",
        b"PK\x03\x04 torn",
        b"\xff\xd8\xff\xe0 JFIF",
    ):
        path.mkdir(exist_ok=True) if name == "folder.pth" else path.write_bytes(content)
        with pytest.raises(ValueError, match=name) as caught:
            features_map(path)
        assert "\n" not in str(caught.value)
        assert len(str(caught.value)) < len(str(path)) + 120  # without torch's advice on pickles
    with pytest.raises(ValueError, match=r"absent\.pth: cannot be read as weights"):
        features_map(tmp_path / "absent.pth")


def test_pickled_code_is_not_run(tmp_path: Path) -> None:
    class Malice:
        def __reduce__(self) -> Any:
            return Path.touch, (tmp_path / "touched",)

    torch.save({"features.0.0.weight": Malice()}, tmp_path / "evil.pth")
    with pytest.raises(ValueError, match=r"evil.pth: cannot be read as weights"):
        features_map(tmp_path / "evil.pth")
    assert not (tmp_path / "touched").exists()


def test_offline_an_absent_file_is_named_in_one_line(cache: Path) -> None:
    with pytest.raises(ValueError, match="no route") as caught:
        Features("vgg19", ["conv4_2"])
    message = str(caught.value)
    assert message.startswith(f"{cache / 'vgg19-dcbb9e9d.pth'} is missing")
    assert message.endswith("put the file there, or name a local one with perceptual.weights")
    assert "\n" not in message


def test_a_cached_file_with_another_hash_is_named(cache: Path) -> None:
    cache.mkdir(parents=True)
    (cache / NAME).write_bytes(b"torn")
    with pytest.raises(ValueError, match=f"{NAME}: damaged, its SHA-256 does not begin with b03"):
        pretrained("mobilenet_v2")


def test_an_absent_file_is_downloaded_once_with_a_timeout(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = []

    def serve(url: str, path: str, prefix: str) -> None:
        calls.append((url, prefix, socket.getdefaulttimeout()))
        Path(path).write_bytes(b"served")

    monkeypatch.setattr(torch.hub, "download_url_to_file", serve)
    monkeypatch.setattr("gan.features.weights.PACKAGES", {})
    assert pretrained("mobilenet_v2") == cache / NAME
    assert [(url.rsplit("/", 1)[1], *rest) for url, *rest in calls] == [(NAME, "b0353104", TIMEOUT)]
    assert socket.getdefaulttimeout() is None


def test_a_file_in_an_installed_package_is_used_if_undamaged(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "some_weights" / "files"
    folder.mkdir(parents=True)
    (folder.parent / "__init__.py").touch()
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr("gan.features.weights.PACKAGES", {NAME: "some_weights/files"})
    (folder / NAME).write_bytes(b"torn")
    with pytest.raises(ValueError, match=f"{folder / NAME}: damaged"):
        pretrained("mobilenet_v2")
    monkeypatch.setattr("gan.features.weights.file_sha256", lambda path: "b0353104" + 56 * "0")
    assert pretrained("mobilenet_v2") == folder / NAME


def test_a_genuine_file_in_the_cache_is_used(cache: Path, mobilenet_weights: Path) -> None:
    cache.mkdir(parents=True)
    shutil.copyfile(mobilenet_weights, cache / NAME)
    before = hashlib.sha256((cache / NAME).read_bytes()).digest()
    assert pretrained("mobilenet_v2") == cache / NAME
    Features("mobilenet_v2", [LAYER])
    assert hashlib.sha256((cache / NAME).read_bytes()).digest() == before
