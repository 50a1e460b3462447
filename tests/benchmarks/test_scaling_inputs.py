"""The benchmarks behind docs/scaling.md write what the table needs; times are not tested."""

import json
from pathlib import Path

import pytest

from benchmarks.index import index
from benchmarks.ranks import Times, ranks, read_times
from benchmarks.scaling.command import SOURCES
from benchmarks.state import state
from gan.networks import build_generator

TINY = [
    "data.load_size=18", "data.crop_size=16", "networks.generator=resnet_6blocks",
    "networks.generator_channels=2", "networks.discriminator_channels=2", "train.pool_size=3",
    "networks.discriminator=pixel",
]  # fmt: skip


def needed(benchmark: str) -> set[str]:
    return {name for name, source in SOURCES.items() if source == benchmark}


def test_a_state_has_the_bytes_of_its_networks_and_pools(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    state(tmp_path, keys=TINY, rounds=1)
    printed = json.loads(capsys.readouterr().out)
    assert json.loads((tmp_path / "state.json").read_text()) == printed
    assert needed("state") <= printed.keys()
    generator = sum(p.numel() for p in build_generator("resnet_6blocks", channels=2).parameters())
    discriminator = (3 * 2 + 2) + (2 * 4 + 4) + (4 * 1 + 1)  # 1x1 convolutions with biases
    assert printed["gradient_bytes"] == 2 * 4 * (generator + discriminator)
    assert printed["state_bytes"] > 3 * printed["gradient_bytes"]  # Adam keeps two moments
    pools = 2 * 3 * (3 * 16 * 16) * 4
    assert pools < printed["pool_bytes"] < pools + 4000
    assert not (tmp_path / "state").exists()


def test_an_index_holds_some_bytes_for_each_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("benchmarks.index.time.sleep", lambda _: None)
    index(tmp_path, images=12)
    printed = json.loads(capsys.readouterr().out)
    assert printed["images"] == 12
    longest = len(str(tmp_path / "links-12/part-00000/photograph-000000000.png"))
    assert printed["index_file_bytes_per_image"] > longest
    assert len(list((tmp_path / "links-12").rglob("*.png"))) == 12


def test_steps_are_differences_without_the_first_and_the_last(tmp_path: Path) -> None:
    ends = [10.0, 11, 12, 13, 14, 20, 22, 25, 99]
    (tmp_path / "steps-0.txt").write_text("\n".join(map(str, [3.0, *ends])))
    times = read_times(tmp_path)
    assert times == Times(3.0, ends)
    assert times.steps == [2, 3]
    assert times.first == 7


@pytest.mark.slow
def test_two_processes_are_predicted_and_measured(tmp_path: Path) -> None:
    ranks(tmp_path, rounds=1, steps=9, keys=[each for each in TINY if "pool" not in each])
    printed = json.loads((tmp_path / "ranks.json").read_text())
    assert needed("ranks") <= printed.keys()
    assert printed["processes"] == 2
    assert len(printed["step_seconds"]) == 2 * 2
    ratio = printed["predicted_step_seconds"] / printed["measured_step_seconds"]
    assert printed["predicted_to_measured"] == pytest.approx(ratio, abs=1e-3)
