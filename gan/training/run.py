"""A run: data, resuming, the loop, and what it leaves behind."""

import os
import sys
import weakref
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import torch
import yaml
from torch import Tensor
from tqdm import tqdm

from gan.config import Config
from gan.data import Folder, TrainTransform, build_dataset, index_folders
from gan.domains import Domain
from gan.system.memory import peak_memory
from gan.system.signals import STOPPED, Interruption
from gan.system.text import printable
from gan.training.accelerator import Agreement, build_accelerator, compile_networks, once
from gan.training.checkpoint import SavedState, Saver, check_same, newest_state
from gan.training.feed import LoaderWait, load_batches
from gan.training.generator_files import GeneratorExport
from gan.training.observers.base import RunContext
from gan.training.observers.build import build_observers
from gan.training.progress import Progress, done, finished
from gan.training.recipes.cyclegan import Batch
from gan.training.recipes.table import RECIPES
from gan.training.run_folder import claim, forget_stop, mark_stopped
from gan.training.schedule import RunLength
from gan.training.trackers import Tracker

LEAST_LR_FACTOR = 1 / 64
"""Where halving the learning rate after steps that are not finite ends."""


class Run:
    """One run directory and what is being trained into it."""

    def __init__(self, config: Config, interruption: Interruption) -> None:
        self.config, self.folder, self.interruption = config, config.run.dir, interruption
        # Errors in data.augment and in files of weights show before the folders are read.
        TrainTransform(config.data)
        self.accelerator = build_accelerator(config)
        self.trainer = RECIPES[config.recipe](config, self.accelerator)
        self.compiled = config.train.compile and self.compile()
        self.folders = self.index()
        once(self.accelerator, self.claim)
        files = [folder.files for folder in self.folders.values()]
        self.dataset = build_dataset(files, config.data, config.run.seed)
        if remark := self.dataset.crops.describe():
            self.say(remark)
        self.length = RunLength(config.train, len(self.dataset), self.accelerator.num_processes)
        self.saver = Saver(self.folder / "state", self.accelerator, keep=config.train.keep_states)
        self.generator_export = GeneratorExport(config, self.trainer, self.length, self.saver)
        self.waits = LoaderWait()
        context = RunContext(
            config, self.trainer, self.accelerator, self.folders, self.length,
            self.say, self.generator_export.keep, self.waits,
        )  # fmt: skip
        self.observers = build_observers(context)
        self.agreement = Agreement()
        self.skipped_said = 0.0
        self.step = self.resume()

    def say(self, text: str) -> None:
        """Print one line, once for all processes, without tearing the progress bar."""
        if self.accelerator.is_main_process:
            tqdm.write(printable(text), file=sys.stderr)

    # Before the first step

    def compile(self) -> bool:
        """Compile the networks that are trained; whether they could be."""
        fault = compile_networks(self.trainer.updates.networks, self.accelerator.device)
        if fault:
            self.say(f"train.compile: not compiled, no compiler works here: {fault}")
        return fault is None

    def index(self) -> dict[Domain, Folder]:
        """Index the folders on the main process, for all; name the files that are left out."""
        folders: dict[Domain, Folder] = once(
            self.accelerator, lambda: index_folders(self.config.data, self.config.domains)
        )
        for folder in folders.values():
            for reason in folder.unreadable:
                self.say(f"left out: {reason}")
        return folders

    def claim(self) -> None:
        """Hold the run's folder, for as long as this object lives."""
        weakref.finalize(self, os.close, claim(self.folder))
        forget_stop(self.folder)

    def resume(self) -> int:
        """Take up the newest complete state, if there is one; the number of steps done so far."""
        saved, problems = newest_state(self.folder / "state")
        for problem in problems:
            self.say(f"damaged state passed over: {problem}")
        if saved is None and problems:
            raise ValueError(
                f"{self.folder}/state: every training state is damaged ({'; '.join(problems)}): "
                "restore one, or name another run.dir to begin anew"
            )
        if saved is None:
            return 0
        check_same(saved, self.manifest(saved.step), allow=self.config.run.allow_changes)
        self.restore(saved)
        self.say(f"resuming {self.folder} from step {saved.step}")
        return saved.step

    def restore(self, saved: SavedState) -> None:
        """Go on from a state."""
        shared, own = saved.load(self.accelerator.process_index)
        self.trainer.restore(shared, own)
        for name, observer in self.observers.items():
            observer.restore(shared.get("observers", {}).get(name, {}))

    # The loop

    def fit(self) -> int:
        """Train until the last step, saving and showing progress on the way; the exit status."""
        if self.step >= self.length.stop or self.ended():
            return self.say_finished()
        if not self.accelerator.is_main_process:
            return self.loop(None)
        text = yaml.safe_dump(self.config.model_dump(mode="json"), sort_keys=False)
        (self.folder / "config.yaml").write_text(text, encoding="utf-8")
        with Tracker(self.folder, self.step) as tracker:
            return self.loop(tracker)

    def say_finished(self) -> int:
        """Say that there is nothing left to do, and leave generators that somebody removed."""
        self.say(f"{self.folder}: {finished(self.step, self.length, self.ended())}")
        names = ("ab", "ba")[: len(self.trainer.generators)]
        if not all((self.folder / f"gen_{name}.safetensors").exists() for name in names):
            self.generator_export.keep(self.step)
            self.saver.finish()
        return 0

    def ended(self) -> str | None:
        """Why an observer ends the run before its last step, if one does."""
        reasons = (observer.ended() for observer in self.observers.values())
        return next((reason for reason in reasons if reason), None)

    def loop(self, tracker: Tracker | None) -> int:
        """The steps; the main process alone has a tracker."""
        train, stop = self.config.train, self.length.stop
        with self.saver, ExitStack() as loaders:
            progress = loaders.enter_context(Progress(self.step, stop, quiet=tracker is None))
            with progress.aside():
                for observer in self.observers.values():
                    observer.begin(self.step, tracker)
            batches = self.batches(loaders)
            while self.step < stop:
                self.step += 1
                self.trainer.updates.set_lr(self.length.lr_multiplier(self.step))
                step_batches = [next(batches) for _ in range(train.accumulate)]
                values = self.trainer.train_step(self.step, step_batches)
                progress.bar.update()
                if self.compiled:
                    self.say_compiled(progress)
                if self.due(train.log_every) and self.log(tracker, values, progress):
                    self.go_back()
                    progress.rewind(self.step)
                    batches = self.batches(loaders)
                    continue
                with progress.aside():
                    for observer in self.observers.values():
                        observer.observe(self.step, tracker)
                stopped = self.agreement.any(self.interruption.received is not None)
                self.generator_export.keep_epoch(self.step)
                self.saver.poll(self.agreement.any)
                ended = self.ended()
                if stopped or ended or self.due(train.checkpoint_every):
                    self.save()
                if ended:
                    self.say(f"{self.folder}: {ended}")
                    break
                if stopped and self.step < stop:
                    return self.leave()
        self.say(f"{self.folder}: {done(self.step, self.length)}")
        return 0

    def say_compiled(self, progress: Progress) -> None:
        """After the first step, which compiles what it calls: how long it took."""
        self.compiled = False
        self.say(f"compiled: the first step took {progress.seconds():.0f} s")
        progress.rewind(self.step)

    def leave(self) -> int:
        """Say that a signal ended the run, also in a file: launchers change exit statuses."""
        self.saver.finish()
        received = self.interruption.received
        name = received.name if received else "a signal to another process"
        text = f"{name} after step {self.step} of {self.length.last_step}; the same command goes on"
        if self.accelerator.is_main_process:
            mark_stopped(self.folder, text)
        self.say(f"{self.folder}: stopped by {text}")
        return STOPPED

    def batches(self, loaders: ExitStack) -> Iterator[Batch]:
        """This process's batches from the present step on, until the loaders are closed."""
        return load_batches(
            self.dataset, self.config, self.length, self.accelerator,
            loaders=loaders, waits=self.waits, after=self.step,
        )  # fmt: skip

    def due(self, every: int) -> bool:
        return self.length.due(self.step, every)

    # What the run leaves behind

    def log(self, tracker: Tracker | None, values: dict[str, Tensor], progress: Progress) -> bool:
        """Log the step's values, averaged over the processes; reading them waits for the device.

        Tells whether too many steps in a row were left out as not finite.
        """
        stacked = self.accelerator.reduce(torch.stack(list(values.values())), "mean")
        scalars = dict(zip(values, stacked.tolist(), strict=True))
        if tracker:
            rate = progress.steps_per_second(self.step)
            progress.show(self.step, scalars, rate)
            images = len(self.folders) * self.length.pairs_per_step
            tracker.scalars(
                self.step,
                scalars
                | {
                    "images_per_second": images * rate,
                    "learning_rate": self.trainer.updates.lr,
                    "epoch": self.length.epochs_done(self.step),
                    "memory_gb": peak_memory(self.accelerator.device) / 1e9,
                },
            )
        for observer in self.observers.values():
            observer.log(self.step, scalars, tracker)
        if scalars["skipped_steps"] > self.skipped_said:
            count, self.skipped_said = int(scalars["skipped_steps"]), scalars["skipped_steps"]
            self.say(f"left out {count} steps so far: their gradients were not finite")
        return bool(scalars["skipped_in_row"] >= self.config.train.nonfinite_limit)

    def go_back(self) -> None:
        """Do what train.nonfinite says: take up the newest state at half the rate, or stop."""
        limit, factor = self.config.train.nonfinite_limit, self.trainer.updates.lr_factor / 2
        reason = (
            f"step {self.step}: {limit} or more steps in a row had gradients that are not finite"
        )
        if self.config.train.nonfinite == "stop":
            raise ValueError(f"{reason}; train.nonfinite is stop")
        self.saver.finish()
        saved, _ = newest_state(self.folder / "state")
        if saved is None or factor < LEAST_LR_FACTOR:
            missing = (
                "there is no state to go back to" if saved is None else "lower rates did not help"
            )
            raise ValueError(f"{reason}; {missing}: try a lower optim.lr, or train.precision fp32")
        self.restore(saved)
        self.trainer.updates.slow_down(factor)
        self.step, self.skipped_said = saved.step, 0.0
        self.say(f"{reason}: back to step {saved.step} with {factor:g} times the learning rate")

    def manifest(self, step: int) -> dict[str, Any]:
        """What a training state belongs to."""
        return {
            "step": step,
            "processes": self.accelerator.num_processes,
            "recipe": self.config.recipe,
            "folders": {domain: folder.fingerprint for domain, folder in self.folders.items()},
            "fingerprints": self.trainer.fingerprints,
            "config": self.config.model_dump(mode="json"),
            "ended": self.ended(),
        }

    def save(self) -> None:
        """Save the generators for use and then, so that none is stale, the training state.

        Both are copied now; the saver's thread writes them.
        """
        self.generator_export.keep(self.step)
        observers = {name: observer.state() for name, observer in self.observers.items()}
        shared = self.trainer.state() | {"observers": observers}
        self.saver.save(shared, self.trainer.own_state(), self.manifest(self.step))
