"""The command `gan translate`, for a file or a folder of images and clips."""

import os
import sys
import tempfile
import warnings
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import torch

from gan.images import mark_of
from gan.images.budget import limit_decoding
from gan.inference.devices import pick_device, pick_precision
from gan.inference.folder.batches import make_batches
from gan.inference.folder.options import TranslateOptions
from gan.inference.folder.pipeline import Batch, Pipeline, write_translation
from gan.inference.folder.plan import Job, Plan, make_plan
from gan.inference.folder.shards import Shard, divide
from gan.inference.folder.streams import share_of_cores
from gan.inference.translator import Translator
from gan.inference.video.clips import translate_clips
from gan.inference.video.settings import Settings, Translation
from gan.inference.working_size import advice
from gan.system.atomic import remove_parts
from gan.system.failures import Failure, check_failed, say
from gan.system.processes import Processes, join
from gan.system.progress import Progress
from gan.system.remote import RemotePath
from gan.system.text import number_of, printable
from gan.system.threads import set_threads


def translate_folder(options: TranslateOptions) -> int:
    """Translate an image or a folder of images; return the exit status.

    ValueError, before any image is translated, if an option or a file is invalid.
    """
    limit_decoding(options.max_decoded_mb)
    with warnings.catch_warnings(action="ignore"):  # of libraries, about damaged metadata
        chosen = pick_device(options.device)
        processes = join(cpu=chosen.type == "cpu")
        set_threads(options.threads, share_of_cores())
        translator = Translator.load(
            options.model,
            options.direction,
            options.device,
            pick_precision(options.precision, chosen),
            options.style,
            options.size,
            options.style_index,
            options.style_blend,
        )
        check_tiles(translator, options.tile)
        plan: Plan = processes.once(
            lambda: make_plan(
                options.input,
                options.output,
                options.compare,
                options.format,
                options.overwrite,
                options.max_megapixels,
            )
        )
        shard, plan = divide(plan, options.shard, options.batch_size, translator.device.type)
        if options.dry_run:
            return _show(plan, translator, options.tile) if processes.main else 0
        processes.once(lambda: prepare(plan, options.scratch, shard))
        place = options.output if plan.whole_folder else options.output.parent
        if isinstance(place, RemotePath):  # files of tiles are on a disk
            place = Path(tempfile.gettempdir())
        if options.compile:
            _compile_network(translator, processes)
        if processes.main and options.size is None:
            sizes = [job.size for job in plan.jobs if not job.done]
            if remark := advice(translator.trained_at, sizes):
                print(remark, file=sys.stderr)
        pipeline = Pipeline(
            translator,
            options.max_megapixels,
            options.tile,
            options.scratch or place,
            partial(
                write_translation,
                quality=options.quality,
                overwrite=options.overwrite,
                mark=mark_of(translator.source, options.marks),
            ),
            stacks=True,
        )
        settings = _clip_settings(options, translator, shown=processes.main)
        return _carry_out(plan, pipeline, settings, options.batch_size, processes, shard)


def _clip_settings(options: TranslateOptions, translator: Translator, shown: bool) -> Settings:
    """Return how clips are translated; `shown` turns on the progress bar."""
    style = options.style or _chosen_style(options)
    return Settings(
        Translation(translator, options.steady, options.tile, style),
        options.quality,
        options.scratch,
        options.max_megapixels,
        options.overwrite,
        shown=shown,
    )


def _chosen_style(options: TranslateOptions) -> str | None:
    """Return the chosen style of a generator with several, as text; None without a choice."""
    chosen = options.style_index, options.style_blend
    return None if chosen == (None, None) else str(chosen)


def _compile_network(translator: Translator, processes: Processes) -> None:
    """Compile the network on each process; print in one line why it failed, if it did."""
    threads = torch.get_num_threads()
    if translator.device.type == "cpu":  # compiled for a number of threads: small pictures' 1
        torch.set_num_threads(1)
    fault = translator.compile()
    torch.set_num_threads(threads)
    if fault and processes.main:
        print(f"compile: not compiled, no compiler works here: {fault}", file=sys.stderr)


def _carry_out(
    plan: Plan,
    pipeline: Pipeline,
    settings: Settings,
    batch_size: int | None,
    processes: Processes,
    shard: Shard,
) -> int:
    """Translate the missing files of a plan with all processes; return the exit status."""
    if processes.main:
        for failed in (*plan.failures, *plan.clips.failures):
            say(failed.source, failed.reason)
        if plan.clips.remark:
            print(plan.clips.remark, file=sys.stderr)
    images = [*plan.failures, *translate_jobs(pipeline, plan.jobs, batch_size, processes)]
    clips = [*plan.clips.failures]
    if plan.clips.jobs:
        clips += translate_clips(plan.clips.jobs, settings, processes)
    if processes.main:
        print(printable(_summary(plan, images, clips)), file=sys.stderr)
        if plan.whole_folder:
            before = sum(job.done for job in plan.jobs) + sum(job.done for job in plan.clips.jobs)
            counts = plan.total + plan.clips.total, before
            if remark := shard.end(plan.output, counts, [*images, *clips]):
                print(printable(remark), file=sys.stderr)
    return 1 if images or clips else 0


def check_tiles(translator: Translator, tile: int | None) -> None:
    """Raise ValueError if tiles are set for a generator that cannot be run in them."""
    if tile and not translator.tiles:
        raise ValueError(
            "tile: this generator translates whole pictures; only ResNet generators (no U-Nets, "
            "adain or vgg) can be run in tiles: remove --tile"
        )


def prepare(plan: Plan, scratch: Path | None, shard: Shard) -> None:
    """Make the folders of outputs and temporary files; remove incomplete files of killed runs.

    ValueError if a folder cannot be written, or if its failed.tsv was not written by this command.
    """
    listed = plan.output if plan.whole_folder else None
    folders = {place.parent for job in plan.jobs for place in job.places}
    folders |= {clip.target.parent for clip in plan.clips.jobs if not clip.done}
    folders |= set(filter(None, (listed, scratch)))
    for folder in sorted(folder for folder in folders if not isinstance(folder, RemotePath)):
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ValueError(f"{folder}: cannot be written: {error.strerror}") from error
        if not os.access(folder, os.W_OK):
            raise ValueError(f"{folder}: cannot be written: no permission")
    for folder in plan.folders:
        if not isinstance(folder, RemotePath) and folder.is_dir():
            remove_parts(folder)
    if listed:
        check_failed(listed)
        if remark := shard.begin(listed):
            print(printable(remark), file=sys.stderr)


def translate_jobs(
    pipeline: Pipeline,
    jobs: Sequence[Job],
    batch_size: int | None,
    processes: Processes,
    *,
    name_failures: bool = True,
) -> list[Failure]:
    """Translate jobs in batches, with all processes; return the failures.

    Batches whose files all exist are skipped. With `name_failures` each failure is printed, too.
    """
    batches = make_batches(jobs, batch_size, pipeline.translator.device.type)
    share = processes.share([batch for batch in batches if not all(job.done for job in batch)])
    return processes.gather(
        lambda: _translate_share(pipeline, share, processes.main, name_failures)
    )


def _translate_share(
    pipeline: Pipeline, batches: Sequence[Batch], main: bool, name_failures: bool
) -> list[Failure]:
    """Translate this process's batches; return the failures. The main process shows a bar."""
    failures: list[Failure] = []
    todo = sum(not job.done for batch in batches for job in batch)
    with Progress(todo, "images", shown=main) as bar:
        for outcome in pipeline.run(batches):
            bar.update()
            for remark in outcome.remarks:
                say(outcome.job.source, remark)
            if outcome.failure:
                failures.append(outcome.failure)
                if name_failures:
                    say(outcome.failure.source, outcome.failure.reason)
    return failures


def _summary(plan: Plan, images: Sequence[Failure], clips: Sequence[Failure]) -> str:
    """Return how many images and clips were translated, existed before and failed."""
    parts = [
        _counted(plan, "images", plan.total, sum(job.done for job in plan.jobs), len(images)),
        _counted(
            plan, "clips", plan.clips.total, sum(job.done for job in plan.clips.jobs), len(clips)
        ),
    ]
    shown = [
        part for part, total in zip(parts, (plan.total, plan.clips.total), strict=True) if total
    ]
    others = f"; {plan.others} other files ignored" if plan.others else ""
    there = sum(job.done for job in plan.jobs) + sum(clip.done for clip in plan.clips.jobs)
    none = there and there + len(images) + len(clips) == plan.total + plan.clips.total
    advice = "; to replace them, add --overwrite true" if none else ""
    return "; ".join(shown or parts[:1]) + others + advice


def _counted(plan: Plan, what: str, total: int, there: int, failed: int) -> str:
    """Return how many of `total` images or clips were translated, existed before and failed."""
    done = f"{total - there - failed} of {number_of(total, what)} translated to {plan.output}"
    before = f", {there} existed already" if there else ""
    return f"{done}{before}{f', {failed} failed' if failed else ''}"


def _show(plan: Plan, translator: Translator, tile: int | None) -> int:
    """Print the jobs of a plan; return the exit status."""
    for job in plan.jobs:
        width, height = job.size
        what = "exists already" if job.done else f"{width}x{height}"
        tiled = translator.tiles and (tile or not translator.fits(height, width))
        if tiled and not job.done:
            what += f", in tiles, {translator.scratch_bytes(height, width) / 1e9:.2f} GB of disk"
        places = " and ".join(map(str, job.places))
        print(
            printable(f"{job.source} -> {places} ({what})" if places else f"{job.source}: {what}")
        )
    for clip in plan.clips.jobs:
        width, height = clip.size
        length = f", {clip.frames} frames" if clip.frames else ""
        what = "exists already" if clip.done else f"{width}x{height}{length}"
        print(printable(f"{clip.source} -> {clip.target} ({what})"))
    failures = (*plan.failures, *plan.clips.failures)
    if plan.clips.remark:
        print(plan.clips.remark)
    for failed in failures:
        print(printable(f"{failed.source}: {failed.reason}"))
    todo = [job for job in plan.jobs if not job.done]
    if plan.total or not plan.clips.total:
        print(
            f"{len(todo)} of {number_of(plan.total, 'images')} to translate, "
            f"{sum(job.pixels for job in todo) / 1e6:.1f} megapixels; "
            f"{len(plan.jobs) - len(todo)} exist already, "
            f"{len(plan.failures)} cannot be translated"
        )
    if plan.clips.total:
        clips = [clip for clip in plan.clips.jobs if not clip.done]
        print(
            f"{len(clips)} of {number_of(plan.clips.total, 'clips')} to translate; "
            f"{len(plan.clips.jobs) - len(clips)} exist already, "
            f"{len(plan.clips.failures)} cannot be translated"
        )
    return 1 if failures else 0
