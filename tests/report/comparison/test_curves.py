"""One chart for each scalar, every run in it, the seeds of a group in one color."""

import re
from pathlib import Path

from torch.utils.tensorboard import SummaryWriter

from gan.report.comparison.curves import curves
from gan.report.comparison.groups import grouped
from gan.report.comparison.runs import read_runs
from tests.support.reports import write_run


def log(run: Path, steps: int, *names: str) -> None:
    with SummaryWriter(str(run / "logs")) as writer:
        for step in range(1, steps + 1):
            for name in names:
                writer.add_scalar(name, step / 7, step)


def test_seeds_of_a_group_have_one_color_and_every_run_its_line(tmp_path: Path) -> None:
    runs = [write_run(tmp_path / f"{lr}-{seed}", seed, optim={"lr": lr})
            for lr in (0.1, 0.2) for seed in range(2)]  # fmt: skip
    for run in runs:
        log(run, 12, "cycle_a", "score_real_b", "learning_rate", "epoch", "mine_ab")
    text = str(curves(grouped(read_runs(runs)).groups))
    assert re.findall(r"<h3>(.*?)</h3>", text) == ["Cycle, A", "Scores, real B", "mine_ab"]
    chart = text[: text.index("Scores, real B")]
    assert re.findall(r'<path d="[^"]*" class="line (.*?)"', chart) == ["s0", "s0", "s1", "s1"]
    names = re.findall(r"</i>(.*?)<output", chart)
    assert names == ["1 · 0.1-0", "1 · 0.1-1", "2 · 0.2-0", "2 · 0.2-1"]


def test_runs_of_other_lengths_share_a_chart(tmp_path: Path) -> None:
    runs = [write_run(tmp_path / str(seed), seed) for seed in range(3)]
    log(runs[0], 12, "cycle_a")
    log(runs[1], 40, "cycle_a")
    text = str(curves(grouped(read_runs(runs)).groups))
    assert text.count('class="line s0"') == 2  # the third has logged nothing
    assert "last of each" in text
    assert "exponential mean of about 1 to 3 values" in text


def test_an_empty_log_is_reported(tmp_path: Path) -> None:
    runs = [write_run(tmp_path / str(seed), seed) for seed in range(2)]
    assert "Nothing has been logged yet" in curves(grouped(read_runs(runs)).groups)
