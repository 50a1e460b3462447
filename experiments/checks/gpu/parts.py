"""The parts of the GPU check; each returns its figures, and raises if something is wrong."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from io import StringIO
from typing import Any

import torch
from PIL import Image

from experiments.checks.gpu.setting import (
    ROOT,
    Figures,
    Setting,
    digest,
    tensors,
    write_pictures,
)
from experiments.checks.gpu.switches import switches
from gan.features.weights import pretrained


@dataclass(frozen=True)
class Part:
    """A part of the check: its title, function and limits."""

    title: str
    run: Callable[[Setting], Figures]
    seconds: int
    """Time limit on a GPU, in seconds."""
    gpus: int = 0
    """Number of GPUs that it requires."""


def golden(setting: Setting) -> Figures:
    """Compare losses, weights and outputs with the reference's, with the tests, on this device."""
    tests = ["tests/test_reference.py"]
    if setting.cuda:
        tests += ["tests/training/test_feed.py"]
    command = [sys.executable, "-m", "pytest", "-q", "-n", "0", "-p", "no:cacheprovider", *tests]
    environment = os.environ | {"GAN_TEST_DEVICE": setting.device}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    print(done.stdout[-3000:], done.stderr[-1000:])
    assert done.returncode == 0, "tests/test_reference.py fails on this device"
    return {"pytest": done.stdout.strip().splitlines()[-1]}


def resume(setting: Setting) -> Figures:
    """Train a run twice, and once with an interruption, with run.deterministic: all bit-equal."""
    import gan

    root = write_pictures(setting.folder / "data")
    figures: Figures = {}
    ways = [(precision, False) for precision in setting.precisions()]
    ways += [("bf16", True)] if setting.cuda else []
    for precision, compiled in ways:
        name = f"{precision}{', compile' if compiled else ''}"
        runs = {}
        for kind, stops in {"straight": [8], "again": [8], "resumed": [3, 8]}.items():
            folder = setting.folder / f"{precision}-{compiled}-{kind}"
            for stop in stops:
                train = {"precision": precision, "compile": compiled, "max_steps": stop}
                run = {"deterministic": True, "device": setting.device, "dir": folder}
                config = setting.config(
                    folder, data={"root": root}, train=train | {"pool_size": 4, "ema": 0.9}, run=run
                )
                gan.train(config)
                torch._dynamo.reset()
            states = sorted((folder / "state").iterdir())[-1].glob("*.pt")
            runs[kind] = {path.name: torch.load(path, weights_only=True) for path in states}
            for path in folder.glob("gen_*.safetensors"):
                runs[kind][path.name] = digest(path)
        figures[name] = {kind: equal(runs["straight"], runs[kind]) for kind in ("again", "resumed")}
    wrong = [name for name, row in figures.items() if not all(row.values())]
    assert not wrong, f"not bit-equal: {wrong}: {figures}"
    return figures


def equal(one: Any, other: Any) -> bool:
    """Return whether two states are bit-equal."""
    ours, theirs = dict(tensors(one)), dict(tensors(other))
    files = {name: value for name, value in one.items() if isinstance(value, str)}
    return (
        all(other.get(name) == value for name, value in files.items())
        and ours.keys() == theirs.keys()
        and all(torch.equal(tensor, theirs[name]) for name, tensor in ours.items())
    )


def processes(setting: Setting) -> Figures:
    """Train with two processes on one GPU (gloo), and on two GPUs if there are two (NCCL)."""
    root = write_pictures(setting.folder / "data")
    backends = ["gloo"] + ["nccl"] * (setting.cuda and torch.cuda.device_count() > 1)
    figures: Figures = {}
    for backend in backends:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        children = []
        for rank in range(2):
            place = {"RANK": rank, "WORLD_SIZE": 2, "LOCAL_WORLD_SIZE": 2, "MASTER_PORT": port}
            place |= {"LOCAL_RANK": rank if backend == "nccl" else 0, "MASTER_ADDR": "127.0.0.1"}
            environment = os.environ | {key: str(value) for key, value in place.items()}
            if not setting.cuda:
                environment["ACCELERATE_USE_CPU"] = "true"
            words = [setting.device, str(setting.small), str(setting.folder), str(root), backend]
            command = [sys.executable, "-m", "experiments.checks.gpu.two", *words]
            children.append(
                subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE)
            )
        outputs = [child.communicate()[0] for child in children]
        assert not any(child.returncode for child in children), f"{backend}: a process failed"
        rows = [json.loads(output.splitlines()[-1]) for output in outputs]
        assert rows[0]["weights"] == rows[1]["weights"], f"{backend}: the processes' weights differ"
        figures[backend] = {"steps": rows[0]["steps"], "equal weights": True}
    return figures


def translation(setting: Setting) -> Figures:
    """Translate in one piece, in tiles, in a thread and by folder; compare with the CPU."""
    from gan import Translator
    from gan.images.pixels import from_image
    from gan.inference.folder import translate_folder
    from gan.inference.folder.options import TranslateOptions
    from gan.networks import build_generator, init_weights
    from gan.networks.files import save_generator

    side, tile, channels = (96, 48, 4) if setting.small else (768, 256, 32)
    pictures = write_pictures(setting.folder / "data", 4, side) / "testA"
    file = setting.folder / "gen_ab.safetensors"
    spec: dict[str, Any] = {"kind": "resnet_6blocks", "channels": channels, "in_channels": 3}
    spec |= {"out_channels": 3, "norm": "instance", "upsample": "resize", "dropout": False}
    network = build_generator(**spec)
    init_weights(network, 0.1, torch.Generator().manual_seed(0))
    save_generator(network.state_dict(), file, spec, {"direction": "ab", "step": 1})
    pixels = from_image(Image.open(pictures / "0.png"))
    expected = whole(Translator.load(file, device="cpu"), pixels)
    figures: Figures = {}
    for precision in ("fp32", "bf16"):
        ours = Translator.load(file, device=setting.device, precision=precision)  # type: ignore[arg-type]
        tiled = ours.translate_tiled(pixels, tile, setting.folder)
        assert tiled is not None
        with ThreadPoolExecutor(1) as pool:
            aside = pool.submit(whole, ours, pixels).result()
        for name, result in {"whole": whole(ours, pixels), "tiles": tiled, "thread": aside}.items():
            apart = (result.int() - expected.int()).abs()
            figures[f"{precision}, {name}"] = {
                "largest": int(apart.max()), "mean": round(float(apart.float().mean()), 4),
            }  # fmt: skip
            largest, mean = (1, 0.02) if precision == "fp32" else (40, 2)
            assert apart.max() <= largest, f"{precision}, {name}: {figures}"
            assert apart.float().mean() <= mean, f"{precision}, {name}: {figures}"
    options = TranslateOptions(
        model=file, input=pictures, output=setting.folder / "out",
        device=setting.device,  # type: ignore[arg-type]
    )  # fmt: skip
    assert translate_folder(options) == 0, "gan translate fails"
    return figures


def whole(translator: Any, pixels: torch.Tensor) -> torch.Tensor:
    """Translate one image (C, H, W) in one piece."""
    (translated,) = translator.translate_batch(pixels[None])
    assert translated is not None
    return torch.as_tensor(translated)


def benchmark(setting: Setting) -> Figures:
    """Measure training at 256 pixels, batch size 1 and 16, against the plain schedule."""
    from benchmarks.training import train

    ways = ["tf32", "bf16", "bf16, channels last", "bf16, compile", "bf16, channels last, compile"]
    sides, batches, channels, rounds = [256], [1, 16], 64, 2
    if not setting.cuda:
        ways = ["fp32", "bf16"]
    if setting.small:
        sides, batches, channels, rounds = [32], [1, 2], 4, 1
    train(
        sides, batches, channels, rounds=rounds, ways=ways,
        device=setting.device, output=setting.folder,  # type: ignore[arg-type]
    )  # fmt: skip
    report = json.loads((setting.folder / "training.json").read_text())
    return {"results": report["results"]}


def profile(setting: Setting) -> Figures:
    """Profile a training step by kind of kernel, eager and compiled."""
    from benchmarks.profile import where_time_goes

    figures: Figures = {}
    for compiled in (False, True) if setting.cuda else (False,):
        text = StringIO()
        side, batch, channels = (32, 1, 4) if setting.small else (256, 16, 64)
        with redirect_stdout(text):
            where_time_goes(
                side, batch, channels, precision="bf16", compile=compiled, steps=3,
                device=setting.device,  # type: ignore[arg-type]
            )  # fmt: skip
        figures["compiled" if compiled else "eager"] = json.loads(text.getvalue().splitlines()[-1])
    return figures


def recipe(setting: Setting) -> Figures:
    """Train the recommended recipe on the demo's photographs for a minute."""
    root = setting.folder / "data"
    try:
        from demo.dataset import prepare

        with redirect_stderr(sys.stdout):
            prepare(root)
    except ValueError as error:
        print(f"{error}: training on smooth noise instead")
        write_pictures(root, 20, 300)
    seconds = 10 if setting.small else 60
    run = setting.folder / "run"
    command = [
        sys.executable, "train.py", "--config", "small" if setting.small else "modern",
        "--data.root", str(root), "--run.dir", str(run), "--run.device", setting.device,
        "--train.sample_every", "5" if setting.small else "200", "--train.log_every", "20",
    ]  # fmt: skip
    if not setting.small:
        command += ["--train.batch_size", "4", "--data.workers", "8"]
    try:
        pretrained("mobilenet_v2")
    except ValueError as error:
        print(f"{error}: training without the frozen network")
        command += ["--networks.discriminator", "basic", "--loss.perceptual", "0"]
        command += ["--loss.style", "0"]
    child = subprocess.Popen(command, cwd=ROOT)
    try:
        child.wait(seconds)
    except subprocess.TimeoutExpired:
        child.send_signal(signal.SIGTERM)
        child.wait(60)
    assert child.returncode in (0, 75), f"train.py ended with status {child.returncode}"
    steps = int(max((run / "state").iterdir()).name.split("-")[-1])
    return {"seconds": seconds, "steps": steps}


PARTS = {
    "golden": Part("The reference's numbers", golden, 60),
    "switches": Part("Every precision and switch trains", switches, 90),
    "translation": Part("Translation and tiles, against the CPU", translation, 40),
    "benchmark": Part("Training at 256 pixels", benchmark, 200, gpus=1),
    "resume": Part("Exact resume, run.deterministic", resume, 90),
    "processes": Part("Two processes", processes, 60),
    "profile": Part("Where a step's time goes", profile, 60, gpus=1),
    "recipe": Part("A minute of the recommended recipe", recipe, 110),
}
"""The parts in the order in which they run. The parts up to resume fit into eight minutes even if
each takes its whole limit; the others get the remaining time, which is enough on a fast machine."""
