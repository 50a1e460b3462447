"""Measure on this machine what the documents claim; nothing else should run meanwhile.

python scripts/benchmark.py library --folder /tmp/bench                 # ours, bare network, loop
python scripts/benchmark.py library --folder /tmp/bench --channels 8 --side 800
python scripts/benchmark.py processes --folder /tmp/bench               # one process, two
python scripts/benchmark.py tiles --folder /tmp/bench --height 10000 --width 12000
"""

import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from jsonargparse import auto_cli
from PIL import Image

from gan.images import list_images, read_image, write_image
from gan.library import translate_folder
from gan.library.plan import make_batches, make_plan
from gan.networks import build_generator, init_weights
from gan.networks.files import save_generator
from gan.pixels import from_image, to_pixels, to_unit
from gan.translator import Precision, Translator, pick_device

ROOT = Path(__file__).parents[1]

Kind = Literal["mixed", "jpg", "png"]


def library(
    folder: Path,
    channels: int = 64,
    images: int = 200,
    side: int = 256,
    rounds: int = 3,
    kind: Kind = "mixed",
) -> None:
    """Translate a folder of mixed photographs: this project, the bare network, and a plain loop.

    This project does it in float32 and in bfloat16. All take turns, and the medians are compared.
    The bare network runs float32 over the same pixels, in memory, in the same batches. The plain
    loop reads, translates and writes one image after the other, in float32.

    Args:
        folder: For photographs and translations; it is made, and may be left.
        channels: Width of the ResNet with nine blocks.
        images: Number of photographs.
        side: Their mean side in pixels.
        rounds: Turns of each.
        kind: Format of the photographs; mixed is two thirds JPEG and a third PNG.
    """
    photos, model = prepare(folder, channels, images, side, kind)
    pixels = sum(np.prod(Image.open(path).size) for path in list_images(photos)) / 1e6
    ways: dict[str, Callable[[], float]] = {
        "ours": lambda: ours(model, photos, folder / "ours", "fp32"),
        "ours_bf16": lambda: ours(model, photos, folder / "ours_bf16", "bf16"),
        "bare": lambda: bare(model, photos),
        "loop": lambda: loop(model, photos, folder / "loop"),
    }
    times: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, way in ways.items():
            times[name].append(way())
    median = {name: statistics.median(values) for name, values in times.items()}
    report(
        channels=channels, images=images, kind=kind, megapixels=round(float(pixels), 1),
        seconds={name: [round(value, 1) for value in values] for name, values in times.items()},
        ours_to_bare=round(median["bare"] / median["ours"], 3),
        ours_to_loop=round(median["loop"] / median["ours"], 3),
        ours_bf16_to_loop=round(median["loop"] / median["ours_bf16"], 3),
    )  # fmt: skip


def processes(folder: Path, channels: int = 64, images: int = 40, side: int = 256) -> None:
    """Translate a folder with one process and with two, of one thread each.

    Args:
        folder: For photographs and translations; it is made, and may be left.
        channels: Width of the ResNet with nine blocks.
        images: Number of photographs.
        side: Their mean side in pixels.
    """
    photos, model = prepare(folder, channels, images, side)
    times = {}
    for count in (1, 2):
        output = folder / f"processes-{count}"
        shutil.rmtree(output, ignore_errors=True)
        launcher = ["-m", "torch.distributed.run", "--standalone", "--nproc_per_node", str(count)]
        script = [str(ROOT / "scripts" / "translate.py"), "--device", "cpu", "--model", str(model)]
        script += ["--input", str(photos), "--output", str(output)]
        started = time.perf_counter()
        subprocess.run(
            [sys.executable, *launcher, *script],
            check=True,
            env=os.environ | {"OMP_NUM_THREADS": "1"},
        )
        times[count] = time.perf_counter() - started
    one, two = (
        {path.name: path.read_bytes() for path in (folder / f"processes-{count}").iterdir()}
        for count in (1, 2)
    )
    report(
        channels=channels, images=images, seconds={k: round(v, 1) for k, v in times.items()},
        two_to_one=round(times[2] / times[1], 3), equal_files=one == two,
    )  # fmt: skip


def tiles(
    folder: Path,
    height: int = 3000,
    width: int = 4000,
    channels: int = 64,
    tile: int = 512,
    whole_side: int = 1024,
) -> None:
    """Translate one large picture in tiles, and a smaller one in one piece before and after.

    Args:
        folder: For the picture, its translation and the scratch; it is made, and may be left.
        height: Pixels of the large picture.
        width: Pixels of the large picture.
        channels: Width of the ResNet with nine blocks.
        tile: Side of a tile in pixels.
        whole_side: Side of the picture that is translated in one piece.
    """
    folder.mkdir(parents=True, exist_ok=True)
    model = write_model(folder, channels)
    translator = Translator.load(model)
    small = torch.randint(0, 256, (1, 3, whole_side, whole_side), dtype=torch.uint8)
    translator.translate_batch(small[..., :256, :256])
    before = timed(lambda: translator.translate_batch(small))
    picture = np.random.default_rng(0).integers(
        0, 256, (height // 8, width // 8, 3), dtype=np.uint8
    )
    source = folder / "large.tif"
    write_image(Image.fromarray(picture).resize((width, height)), source)
    del picture
    measure = "import sys, time; from gan.cli import main; t = time.perf_counter(); "
    measure += "code = main(sys.argv[1:]); "
    measure += "print(code, time.perf_counter() - t, "
    measure += (
        "[line for line in open('/proc/self/status') if line.startswith('VmHWM')][0].split()[1])"
    )
    command = ["translate", "--model", str(model), "--input", str(source), "--tile", str(tile)]
    command += ["--output", str(folder / "large-translated.tif"), "--overwrite"]
    command += ["--max_megapixels", str(height * width / 1e6 + 1)]
    done = subprocess.run(
        [sys.executable, "-c", measure, *command], check=True, stdout=subprocess.PIPE, text=True
    )
    code, seconds, peak = done.stdout.split()
    after = timed(lambda: translator.translate_batch(small))
    whole = (before + after) / 2 / (whole_side**2 / 1e6)
    tiled = float(seconds) / (height * width / 1e6)
    report(
        channels=channels, megapixels=round(height * width / 1e6, 1), tile=tile, status=int(code),
        seconds=round(float(seconds), 1), seconds_per_megapixel=round(tiled, 2),
        whole_seconds_per_megapixel=[round(t / (whole_side**2 / 1e6), 2) for t in (before, after)],
        tiled_to_whole=round(tiled / whole, 3), peak_resident_gb=round(int(peak) / 1e6, 2),
        disk_gb=round(translator.scratch_bytes(height, width) / 1e9, 2),
    )  # fmt: skip


def prepare(
    folder: Path, channels: int, images: int, side: int, kind: Kind = "mixed"
) -> tuple[Path, Path]:
    """Photographs of mixed sizes and an untrained generator."""
    from skimage import data

    photos = folder / f"photos-{images}-{side}-{kind}"
    originals = [data.astronaut(), data.chelsea(), data.coffee(), data.rocket()]
    rng = np.random.default_rng(0)
    for number in range(0 if photos.exists() else images):
        original = Image.fromarray(originals[number % len(originals)])
        aspect = (1.0, 1.5, 0.75, 4 / 3)[rng.integers(4)]
        width, height = round(side * aspect**0.5), round(side / aspect**0.5)
        left, top = rng.integers(0, 60, 2)
        crop = original.crop((left, top, original.width - 20, original.height - 20))
        suffix = ("jpg", "jpg", "png")[number % 3] if kind == "mixed" else kind
        image = crop.resize((width, height), Image.Resampling.BICUBIC)
        write_image(image, photos / f"{number:04d}.{suffix}", quality=90)
    return photos, write_model(folder, channels)


def write_model(folder: Path, channels: int) -> Path:
    spec: dict[str, Any] = {"kind": "resnet_9blocks", "channels": channels}
    spec |= {"in_channels": 3, "out_channels": 3}
    network = build_generator(**spec)
    init_weights(network, 0.02, torch.Generator().manual_seed(0))
    path = folder / f"gen_{channels}.safetensors"
    save_generator(network.state_dict(), path, spec, {"direction": "ab"})
    return path


def ours(model: Path, photos: Path, output: Path, precision: Precision) -> float:
    shutil.rmtree(output, ignore_errors=True)
    return timed(lambda: translate_folder(model, photos, output, precision=precision))


def bare(model: Path, photos: Path) -> float:
    """The network alone, on pixels that lie in memory."""
    translator = Translator.load(model)
    plan = make_plan(photos, photos.parent / "none", None, None, False, 178)
    batches = [
        torch.stack([from_image(read_image(job.source)) for job in batch]).to(translator.device)
        for batch in make_batches(plan.jobs, None)
    ]

    @torch.inference_mode()
    def run() -> None:
        for batch in batches:
            translator.network(to_unit(batch))
        if translator.device.type == "cuda":
            torch.cuda.synchronize()

    return timed(run)


def loop(model: Path, photos: Path, output: Path) -> float:
    """What one writes first: read, translate, write, one after the other."""
    shutil.rmtree(output, ignore_errors=True)
    output.mkdir()
    translator = Translator.load(model)

    @torch.inference_mode()
    def run() -> None:
        for path in list_images(photos):
            image = Image.open(path).convert("RGB")
            x = to_unit(from_image(image)[None].to(translator.device))
            pixels = to_pixels(translator.network(x)[0]).cpu().permute(1, 2, 0).numpy()
            options: dict[str, Any] = {}
            if path.suffix == ".jpg":
                options = {"quality": 95, "subsampling": 0}
            Image.fromarray(pixels).save(output / path.name, **options)

    return timed(run)


def timed(function: Callable[[], object]) -> float:
    started = time.perf_counter()
    function()
    return time.perf_counter() - started


def report(**figures: Any) -> None:
    """One line of JSON: the figures, the machine, the versions."""
    device = pick_device("auto")
    name = torch.cuda.get_device_name() if device.type == "cuda" else processor()
    machine = {"device": name, "cores": os.cpu_count(), "threads": torch.get_num_threads()}
    versions = {"python": platform.python_version(), "torch": torch.__version__}
    print(json.dumps(figures | {"machine": machine | versions}))


def processor() -> str:
    """The processor's name, where Linux tells it."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return next((line.split(": ")[1] for line in lines if line.startswith("model name")), "CPU")


if __name__ == "__main__":
    auto_cli([library, processes, tiles], as_positional=False)
