"""A run tells every tracker what TensorBoard shows; resumed and rolled back, in one history."""

from pathlib import Path
from typing import Any

import pytest
from accelerate.tracking import LOGGER_TYPE_TO_CLASS
from PIL import Image

import gan
from gan.cli.commands import COMMANDS
from gan.cli.parser import Parser
from gan.config import Config
from gan.config.table import load
from gan.config.tables.trackers import TRACKERS, check_installed
from gan.system.signals import Interruption
from gan.training import Run, train
from gan.training.forecast import measure
from gan.training.next_steps import next_steps
from tests.support.launching import write_images
from tests.support.registering import forget_rows
from tests.support.runs import Poison, pixel_config
from tests.support.tracking import PACE, Recorder, same, tensorboard


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A dataset; `recorder` is a registered tracker."""
    monkeypatch.setattr(Recorder, "sessions", [])
    monkeypatch.setattr(Recorder, "failures", 0)
    forget_rows(monkeypatch, TRACKERS)
    gan.register_tracker("recorder", Recorder)
    return write_images(tmp_path / "data")


def tracked(config: Config, *names: str) -> Config:
    run = config.run.model_copy(update={"trackers": [*names], "project": "mine"})
    return config.model_copy(update={"run": run})


def test_a_tracker_gets_what_tensorboard_gets(root: Path, tmp_path: Path) -> None:
    train(tracked(pixel_config(root, tmp_path / "run"), "tensorboard", "recorder"))
    (session,) = Recorder.sessions
    same(session.curves(), tensorboard(tmp_path / "run"))
    assert len(session.curves()["loss/cycle_a"]) == 4
    assert session.finished
    assert (session.project, session.config["train.max_steps"]) == ("mine", 4)
    assert session.config["data.root"] == str(root)
    assert session.config["run.trackers"] == "['tensorboard', 'recorder']"
    for step, images in session.images:
        for name, (image,) in images.items():
            file = f"step-{step:08d}-{name.removeprefix('samples/')}.png"
            with Image.open(tmp_path / "run" / "samples" / file) as written:
                assert written.tobytes() == image.tobytes()
    assert [step for step, _ in session.images] == [2, 4]


def test_without_tensorboard_there_are_no_logs(root: Path, tmp_path: Path) -> None:
    train(tracked(pixel_config(root, tmp_path / "run", max_steps=1), "recorder"))
    assert not (tmp_path / "run" / "logs").exists()
    assert Recorder.sessions[0].curves()["lr/generators"] == [(1, 2e-4)]


def test_the_default_is_tensorboard_alone(root: Path, tmp_path: Path) -> None:
    train(pixel_config(root, tmp_path / "run", max_steps=1))
    assert (tmp_path / "run" / "logs").is_dir()
    assert not (tmp_path / "run" / "trackers").exists()


def test_a_tracker_that_cannot_continue_a_run_gets_the_whole_history_again(
    root: Path, tmp_path: Path
) -> None:
    train(tracked(pixel_config(root, tmp_path / "parts", max_steps=2), "recorder"))
    train(tracked(pixel_config(root, tmp_path / "parts"), "recorder"))
    train(pixel_config(root, tmp_path / "straight"))
    first, second = Recorder.sessions
    assert [step for step, _ in first.logged] == [1, 2]
    same(second.curves(), tensorboard(tmp_path / "straight"), without=PACE)


def test_a_rollback_logs_no_step_twice(root: Path, tmp_path: Path) -> None:
    config = pixel_config(
        root, tmp_path / "run", max_steps=6, checkpoint_every=2, nonfinite_limit=2
    )
    with Interruption() as interruption:
        run = Run(tracked(config, "recorder"), interruption)
        Poison(run, range(3, 5))
        seen: list[int] = []
        poisoned, plain = run.trainer.train_step, type(run.trainer).train_step

        def poisoned_once(step: int, batches: Any) -> Any:
            seen.append(step)
            again = seen.count(step) > 1
            return plain(run.trainer, step, batches) if again else poisoned(step, batches)

        run.trainer.train_step = poisoned_once  # type: ignore[method-assign]
        run.fit()
    assert seen == [1, 2, 3, 4, 3, 4, 5, 6]
    steps = [step for step, _ in Recorder.sessions[0].logged]
    assert steps == [*range(1, 7)]


def test_a_server_that_is_away_does_not_stop_a_run(
    root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Recorder.failures = 1000
    train(tracked(pixel_config(root, tmp_path / "run"), "tensorboard", "recorder"))
    assert (tmp_path / "run" / "gen_ab.safetensors").is_file()
    assert capsys.readouterr().err.count("recorder (run.trackers) failed") == 1


def test_a_plan_has_no_trackers(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def planned(config: Config, interruption: Interruption) -> None:
        raise ValueError(f"trackers {config.run.trackers}")

    monkeypatch.setattr("gan.training.forecast.Run", planned)
    config = tracked(pixel_config(root, tmp_path / "run"), "tensorboard", "recorder")
    with pytest.raises(ValueError, match=r"^trackers \[\]$"):
        measure(config, tmp_path, Interruption())


# Names


def test_every_tracker_that_accelerate_knows_has_a_row_with_its_class() -> None:
    assert TRACKERS.keys() == LOGGER_TYPE_TO_CLASS.keys()
    for name, row in TRACKERS.items():
        assert row.direct or load(row.code) is LOGGER_TYPE_TO_CLASS[name]


def test_an_unknown_tracker_is_rejected_with_the_nearest_name() -> None:
    with pytest.raises(ValueError, match="no tracker wandbb; did you mean wandb"):
        Config.model_validate({"run": {"trackers": ["wandbb"]}})


def test_a_missing_package_is_one_line_with_the_command(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gan.config.tables.trackers.find_spec", lambda name: None)
    with pytest.raises(ValueError, match=r"pip install 'gan-translation\[trackers\]'") as caught:
        train(tracked(pixel_config(root, tmp_path / "run"), "wandb"))
    assert str(caught.value).startswith("run.trackers: wandb requires")
    assert not (tmp_path / "run").exists()
    with pytest.raises(ValueError, match=r"comet_ml requires .*: pip install comet-ml$"):
        check_installed(["comet_ml"])
    both = (
        r"wandb, mlflow, aim require the packages .*: pip install 'gan-translation\[trackers\]' aim"
    )
    with pytest.raises(ValueError, match=both):
        check_installed(["wandb", "mlflow", "aim"])
    with pytest.raises(ValueError, match=r"^run.trackers: wandb is listed twice"):
        check_installed(["wandb", "wandb"])
    check_installed(["recorder"])  # a registered one names no package


@pytest.mark.parametrize(("given", "example"), [("all", "tensorboard, wandb"), ("aim", "aim")])
def test_the_example_of_a_list_is_valid(given: str, example: str) -> None:
    with pytest.raises(ValueError, match=rf"for instance \[{example}\]"):
        Parser(COMMANDS["train"], "gan train").options(["--run.trackers", given])


def test_a_run_ends_with_a_command_for_each_tracker(root: Path) -> None:
    config = tracked(pixel_config(root, Path("run")), "wandb", "mlflow", "trackio", "recorder")
    lines = [line.strip() for line in next_steps(config)]
    assert {"wandb leet run/trackers/wandb", "mlflow server", "trackio show --project mine"} <= {
        *lines
    }
    assert not any("tensorboard" in line for line in lines)
