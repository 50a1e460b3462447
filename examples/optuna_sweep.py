"""Search for keys of a recipe with Optuna: any number of processes, ended and started at any time.

python examples/optuna_sweep.py FOLDER RECIPE.yaml --trials 12

RECIPE.yaml holds data.root, train.max_steps, evaluate.every and evaluate.best, the metric to
improve. FOLDER gets sweep.db and the runs. The same command in another terminal helps, or
continues: trials of killed processes are queued again, and their runs resume.
"""

import argparse
import copy
import json
import time
import warnings
from pathlib import Path
from typing import Any

import optuna
import yaml
from filelock import FileLock
from optuna.trial import Trial, TrialState

import gan
from gan.config.tables.metrics import METRICS
from gan.config.tables.observers import OBSERVERS, ObserverRow
from gan.training.observers.base import Observer, RunContext

SPACE = {"optim.lr": (5e-5, 2e-3), "loss.cycle": (2.0, 20.0), "loss.identity": (0.5, 10.0)}


class Pruner(Observer):
    """Reports each evaluation of a run to Optuna, and ends the run when Optuna gives it up."""

    trial: Trial

    def __init__(self, context: RunContext) -> None:
        self.file, self.best = context.run_dir / "metrics.jsonl", context.config.evaluate.best
        self.seen, self.pruned = 0, False

    def ended(self) -> str | None:
        lines = self.file.read_text().splitlines() if self.file.exists() else []
        for record in map(json.loads, lines[self.seen :]):  # of a resumed run, all
            self.trial.report(record["metrics"][self.best]["value"], record["step"])
            self.pruned = self.trial.should_prune()
        self.seen = len(lines)
        return "pruned by optuna" if self.pruned else None


OBSERVERS.add("optuna", ObserverRow(Pruner, "evaluate.every"))  # on in every run that evaluates


def objective(trial: Trial, folder: Path, recipe: dict[str, Any]) -> float:
    """Train the run of a trial, or resume it; return its metric."""
    if "slot" not in trial.user_attrs:
        raise LookupError("another process took the last trial")
    keys = copy.deepcopy(recipe)
    keys.setdefault("run", {})["dir"] = str(folder / f"run-{trial.user_attrs['slot']:03d}")
    for key, (low, high) in SPACE.items():
        section, _, name = key.partition(".")
        keys.setdefault(section, {})[name] = trial.suggest_float(key, low, high, log=True)
    Pruner.trial = trial
    result = gan.train(gan.Config.model_validate(keys))
    if result.status:  # a signal; the run has saved its state
        trial.study.enqueue_trial(trial.params, user_attrs=trial.user_attrs)
        raise KeyboardInterrupt
    if result.ended:
        raise optuna.TrialPruned
    return result.metrics[recipe["evaluate"]["best"]]


def sweep(folder: Path, recipe: dict[str, Any], trials: int, grace: int) -> None:
    """Run trials until each of `trials` slots has a result."""
    storage = optuna.storages.RDBStorage(
        f"sqlite:///{folder / 'sweep.db'}",
        engine_kwargs={"connect_args": {"timeout": 100}},
        heartbeat_interval=max(1, grace // 6),
        grace_period=grace,
        heartbeat_stale_trial_callback=optuna.storages.RetryHeartbeatStaleTrialCallback(),
    )
    lower = METRICS[recipe["evaluate"]["best"].rpartition("_")[0]].better == "lower"
    with FileLock(folder / "sweep.lock"):
        study = optuna.create_study(
            storage=storage, study_name="sweep", load_if_exists=True,
            direction="minimize" if lower else "maximize",
            sampler=optuna.samplers.TPESampler(constant_liar=True),
            pruner=optuna.pruners.MedianPruner(n_startup_trials=4),
        )  # fmt: skip
        taken = {found.user_attrs.get("slot") for found in study.trials}
        for slot in sorted({*range(trials)} - taken):
            study.enqueue_trial({}, user_attrs={"slot": slot})
    while True:
        optuna.storages.fail_stale_trials(study)
        states = {found.state for found in study.trials if "slot" in found.user_attrs}
        if TrialState.WAITING in states:
            study.optimize(lambda trial: objective(trial, folder, recipe), 1, catch=(LookupError,))
        elif TrialState.RUNNING in states:
            time.sleep(1)  # another process has it; if that is killed, it will wait again
        else:
            print(f"best: {study.best_value:.4g} by {study.best_params}")
            return


if __name__ == "__main__":
    warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("recipe", type=Path)
    parser.add_argument("--trials", type=int, default=12)
    parser.add_argument("--grace", type=int, default=120, help="seconds until a trial is given up")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    sweep(options.folder, yaml.safe_load(options.recipe.read_text()), options.trials, options.grace)
