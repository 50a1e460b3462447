"""A run: loads data, resumes, loops over the steps, saves."""

import os
import sys
import weakref
from collections.abc import Iterator
from contextlib import ExitStack, closing
from typing import Any

import torch
from torch import Tensor
from tqdm import tqdm

from gan.config import Config
from gan.config.table import load
from gan.config.tables.recipes import RECIPES
from gan.config.tables.tags import LOSSES
from gan.data import TrainTransform
from gan.system.memory import peak_memory
from gan.system.processes import any_process
from gan.system.signals import STOPPED, Interruption
from gan.system.text import printable
from gan.training.accelerator import build_accelerator, compile_networks, processes_of
from gan.training.broken_images import BrokenImages
from gan.training.checkpoint.rollback import check_rollback
from gan.training.checkpoint.saver import GeneratorExport, Saver
from gan.training.checkpoint.states import SavedState, agreed_state, check_same
from gan.training.dataset import open_data
from gan.training.feed import LoaderWait, load_batches
from gan.training.next_steps import print_end
from gan.training.observers.base import RunContext, build_observers
from gan.training.progress import Progress, finished, more, shown_terms
from gan.training.recipes.base import Batch, Recipe
from gan.training.run_folder import STOPPED_MARK, claim, mark_stopped, write_config
from gan.training.schedule import RunLength
from gan.training.trackers import Tracker, open_tracker


class Run:
    """A training in one run directory."""

    def __init__(self, config: Config, interruption: Interruption) -> None:
        self.config = config
        self.folder = config.run.dir
        self.interruption = interruption
        # Raises errors in data.augment before reading the folders, which may take minutes.
        TrainTransform(config.data)
        self.accelerator = build_accelerator(config)
        self.trainer: Recipe = load(RECIPES[config.recipe].code)(config, self.accelerator)
        self.frame = self.trainer.frame
        self.updates = self.frame.updates
        self.compiled = config.train.compile and self.compile()
        self.data = open_data(config, self.accelerator, self.print_line)
        self.processes = processes_of(self.accelerator)
        self.processes.once(self.claim)
        self.length = RunLength(config.train, len(self.data.dataset), self.processes.world)
        self.saver = Saver(self.folder / "state", self.accelerator, keep=config.train.keep_states)
        self.generator_export = GeneratorExport(self.frame, self.length, self.saver)
        self.waits = LoaderWait()
        saving = self.save, self.saver.finish
        self.broken = BrokenImages(config, self.data.folders, self.processes, saving)
        self.observers = build_observers(RunContext(
            config, self.trainer, self.accelerator, self.data, self.length,
            self.print_line, self.generator_export.keep, self.waits,
        ))  # fmt: skip
        self.skips_reported = 0.0
        # Why the run ended before its last step, or None.
        self.ending: str | None = None
        self.step = self.resume()

    def print_line(self, text: str) -> None:
        """Print one line, on the main process only, without breaking the progress bar."""
        if self.accelerator.is_main_process:
            tqdm.write(printable(text), file=sys.stderr)

    # Before the first step

    def compile(self) -> bool:
        """Compile the trained networks; return whether that worked."""
        fault = compile_networks(self.updates.networks.values(), self.accelerator.device)
        if fault:
            self.print_line(f"train.compile: not compiled, no compiler works here: {fault}")
        return fault is None

    def claim(self) -> None:
        """Lock the run's folder for as long as this object lives."""
        weakref.finalize(self, os.close, claim(self.folder))
        (self.folder / STOPPED_MARK).unlink(missing_ok=True)

    def resume(self) -> int:
        """Restore the newest complete state, if there is one; return the steps done before."""
        saved, problems = agreed_state(self.folder / "state", self.processes)
        for problem in problems:
            self.print_line(f"damaged state skipped: {problem}")
        if saved is None and problems:
            raise ValueError(
                f"{self.folder}/state: every training state is damaged ({'; '.join(problems)}): "
                "restore one, or name another run.dir to start again"
            )
        if saved is None:
            return 0
        check_same(saved, self.manifest(saved.step), allow=self.config.run.allow_changes)
        self.restore(saved)
        self.print_line(f"resuming {self.folder} from step {saved.step} of {self.length.last_step}")
        return saved.step

    def restore(self, saved: SavedState) -> None:
        """Restore a state on this process."""
        shared, own = saved.load(self.accelerator.process_index)
        self.frame.restore(shared, own)
        for name, observer in self.observers.items():
            observer.restore(shared.get("observers", {}).get(name, {}))

    # The loop

    def fit(self) -> int:
        """Train until the last step or a signal; return the exit status, 0 or (signal) 75."""
        if self.step >= self.length.stop or self.ended():
            return self.report_finished()
        if not self.accelerator.is_main_process:
            return self.loop(None)
        write_config(self.config)
        self.broken.begin()
        with closing(open_tracker(self.config, self.step, self.print_line)) as tracker:
            status = self.loop(tracker)
            if status == 0:
                tracker.files([*self.generator_export.paths().values()])
            return status

    def report_finished(self) -> int:
        """Print that the run is finished; export removed generators again; return status 0."""
        self.ending = self.ended()
        if not all(path.exists() for path in self.generator_export.paths().values()):
            self.generator_export.keep(self.step)
            self.saver.finish()
        return self.report_end(finished(self.step, self.length, self.ending))

    def report_end(self, text: str) -> int:
        """Print how the run has ended; return the exit status, 0."""
        print_end(self.config, self.step, text, self.print_line)
        return 0

    def ended(self) -> str | None:
        """Return an observer's reason to end the run before its last step, or None."""
        reasons = (observer.ended() for observer in self.observers.values())
        return next((reason for reason in reasons if reason), None)

    def loop(self, tracker: Tracker | None) -> int:
        """Run the steps; return the exit status. Only the main process has a tracker."""
        train, length, stop = self.config.train, self.length, self.length.stop
        with self.saver, ExitStack() as loaders:
            # Before the first step, on all processes: observers prepare, which may take as long as
            # an evaluation; then loader workers start.
            terms = shown_terms(self.config)
            progress = Progress(self.step, stop, quiet=tracker is None, terms=terms)
            loaders.callback(progress.bar.close)
            with progress.aside():
                for observer in self.observers.values():
                    observer.begin(self.step, tracker)
            batches = self.batches(loaders)
            while self.step < stop:
                # One update, on all processes, which synchronize when gradients are averaged.
                # Nothing waits for a GPU: it may still compute when the next step is prepared.
                taken = self.broken.take(batches, train.accumulate, begun=self.step > 0)
                if not taken:
                    return self.report_stopped()
                self.step += 1
                self.updates.set_lr(length.lr_multiplier(self.step))
                values = self.trainer.train_step(self.step, taken)
                progress.bar.update()
                if self.compiled:
                    self.report_compiled(progress)

                # At logging steps the values are read, which waits for the device, and averaged
                # over the processes. After too many non-finite steps in a row, all restore a state.
                if length.due(self.step, train.log_every) and self.log(tracker, values, progress):
                    self.go_back()
                    progress.rewind(self.step)
                    batches = self.batches(loaders)
                    continue

                # Samples, evaluation, doctor: on all processes, though the main one does most of
                # the work. Their time is excluded from the speed.
                with progress.aside():
                    for observer in self.observers.values():
                        observer.observe(self.step, tracker)
                    if tracker:
                        tracker.send()

                # Saving: the processes copy their state, threads write it during training. A signal
                # to one process, or an observer, ends the run on all after a last save.
                stopped = any_process(self.interruption.received is not None)
                self.generator_export.keep_epoch(self.step)
                self.saver.poll()
                self.ending = self.ended()
                self.broken.end_if_too_many()
                if stopped or self.ending or length.due(self.step, train.checkpoint_every):
                    self.save()
                if self.ending:
                    self.print_line(f"{self.folder}: {self.ending}")
                    break
                if stopped and self.step < stop:
                    return self.report_stopped()
        return self.report_end(f"step {self.step} of {length.last_step} done{more(length)}")

    def report_compiled(self, progress: Progress) -> None:
        """Print how long the first step took, in which the networks are compiled."""
        self.compiled = False
        self.print_line(f"compiled: the first step took {progress.seconds():.0f} s")
        progress.rewind(self.step)

    def report_stopped(self) -> int:
        """Print and write to a file that a signal stopped the run; return the exit status, 75."""
        self.saver.finish()
        received = self.interruption.received
        name = received.name if received else "a signal to another process"
        self.ending = f"{name} after step {self.step} of {self.length.last_step}"
        text = f"{self.ending}; run the same command again to continue"
        if self.accelerator.is_main_process:
            mark_stopped(self.folder, text)
        self.print_line(f"{self.folder}: stopped by {text}")
        return STOPPED

    def batches(self, loaders: ExitStack) -> Iterator[Batch]:
        """Yield this process's batches after the present step, until the loaders are closed."""
        return load_batches(
            self.data.dataset, self.config, self.length, self.accelerator,
            loaders=loaders, waits=self.waits, after=self.step, broken=self.broken,
        )  # fmt: skip

    # The files of the run

    def log(self, tracker: Tracker | None, values: dict[str, Tensor], progress: Progress) -> bool:
        """Log the step's values, averaged over the processes; reading them waits for the device.

        Return whether too many steps in a row were skipped as not finite.
        """
        stacked = self.accelerator.reduce(torch.stack(list(values.values())), "mean")
        scalars = dict(zip(values, stacked.tolist(), strict=True))
        if tracker:
            rate = progress.steps_per_second(self.step)
            progress.show(self.step, scalars, rate)
            images = len(self.config.domains) * self.length.pairs_per_step
            tracker.scalars(self.step, scalars | {
                "images_per_second": images * rate,
                "learning_rate": self.updates.lr,
                "epoch": self.length.epochs_done(self.step),
                "memory_gb": peak_memory(self.accelerator.device) / 1e9,
            }, LOSSES)  # fmt: skip
        for observer in self.observers.values():
            observer.log(self.step, scalars, tracker)
        for line in self.broken.agree():
            self.print_line(line)
        skipped, self.skips_reported = self.skips_reported, scalars["skipped_steps"]
        if self.skips_reported > skipped:
            text = f"skipped {self.skips_reported:.0f} steps so far"
            self.print_line(f"{text}: their gradients were not finite")
        return bool(scalars["skipped_in_row"] >= self.config.train.nonfinite_limit)

    def go_back(self) -> None:
        """Restore the newest state, at half the rate; ValueError as from check_rollback."""
        limit, factor = self.config.train.nonfinite_limit, self.updates.lr_factor / 2
        reason = (
            f"step {self.step}: {limit} or more steps in a row had gradients that are not finite"
        )
        self.saver.finish()
        saved, _ = agreed_state(self.folder / "state", self.processes)
        saved = check_rollback(self.config.train.nonfinite, saved, factor, reason)
        self.restore(saved)
        self.updates.slow_down(factor)
        self.step = saved.step
        self.skips_reported = 0.0
        self.print_line(
            f"{reason}: back to step {saved.step} with {factor:g} times the learning rate"
        )

    def manifest(self, step: int) -> dict[str, Any]:
        """Return a dict that identifies a training state: step, configuration, data, device, ..."""
        return {
            "step": step,
            "processes": self.accelerator.num_processes,
            "device": self.accelerator.device.type,
            "recipe": self.config.recipe,
            "folders": {domain: folder.fingerprint for domain, folder in self.data.folders.items()},
            "fingerprints": self.frame.fingerprints | self.data.fingerprints,
            "config": self.config.model_dump(mode="json"),
            "ended": self.ended(),
        }

    def save(self) -> None:
        """Export the generators, then save the training state: exports are never older than states.

        Both are copied now and written by the saver's thread.
        """
        self.generator_export.keep(self.step)
        observers = {name: observer.state() for name, observer in self.observers.items()}
        state = self.frame.state() | {"observers": observers}
        self.saver.save(state, self.frame.own_state(), self.manifest(self.step))
