"""Check what a million images cost: seconds until the first batch, and the memory of a worker.

python -m experiments.checks.million --folder /tmp/million

Writes lists of a thousand and of a million objects of a store, as a run keeps them after its first
start, and starts a small server that answers each name with one of four pictures. Then a process
for each list, and one more with the same million names as Python's own objects, indexes both
folders, makes the first batch with two workers and prints what it took. The first batches of the
two millions must be equal. Requires the extra `remote`.
"""

import argparse
import hashlib
import io
import json
import os
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import psutil
import torch
from PIL import Image

from gan.config import Config
from gan.data import Batches, build_dataset, build_loader, end_workers, index_folders
from gan.data.files import FileList
from gan.data.objects import listing_file
from gan.data.unpaired import UnpairedImages
from gan.system.remote import RemotePath
from gan.system.stores import Entry
from gan.training.broken_images import INDEX

COUNTS = (1_000, 1_000_000)
MEGABYTE = 1e6


def pictures() -> list[bytes]:
    """Return four pictures of noise as PNG files."""
    rng = np.random.default_rng(0)
    files = []
    for _ in range(4):
        file = io.BytesIO()
        Image.fromarray(rng.integers(256, size=(80, 80, 3), dtype=np.uint8)).save(file, "PNG")
        files.append(file.getvalue())
    return files


def serve(files: list[bytes]) -> ThreadingHTTPServer:
    """Start a server that answers a name that ends in a number with one of the files."""

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            data = files[int(Path(self.path).stem) % len(files)]
            self.send_response(200)
            self.send_header("Content-Length", str(len(data)))
            self.send_header("ETag", '"tag"')
            self.send_header("Last-Modified", "Mon, 30 Nov 2026 00:00:00 GMT")
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, format: str, *arguments: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def config(folder: Path, count: int) -> Config:
    """Return a configuration whose folders are the two listed URLs."""
    return Config.model_validate({
        "data": {
            "a": f"s3://bucket/{count}/a",
            "b": f"s3://bucket/{count}/b",
            "load_size": 72,
            "crop_size": 64,
        },
        "train": {"batch_size": 4},
        "run": {"dir": folder / str(count), "device": "cpu"},
    })  # fmt: skip


def write_lists(whole: Config, count: int) -> None:
    """Write the lists of both URLs as a run's first start does."""
    whole.run.dir.mkdir(parents=True, exist_ok=True)
    size = len(pictures()[0])
    for root in (whole.data.a, whole.data.b):
        assert isinstance(root, RemotePath)
        entries = [Entry(f"{at // 1000:04d}/{at:08d}.png", size, "tag") for at in range(count)]
        path = listing_file(whole.run.dir / INDEX, root)
        FileList.of_objects(root, entries).save(path, None)


def measure(whole: Config, objects: bool) -> dict[str, object]:
    """Return the seconds until the first batch, its hash, and the megabytes of the processes."""
    began = time.perf_counter()
    folders = index_folders(whole.data, whole.domains, whole.run.dir / INDEX)
    indexed = time.perf_counter()
    dataset = build_dataset(whole, folders)
    assert isinstance(dataset, UnpairedImages)
    if objects:
        dataset.files_a, dataset.files_b = list(dataset.files_a), list(dataset.files_b)
    order = Batches(len(dataset), whole.train.batch_size, start=0, stop=8)
    loader = build_loader(dataset, order, workers=2, device=torch.device("cpu"))
    batches = iter(loader)
    first = next(batches)
    seconds = time.perf_counter() - began
    pixels = hashlib.sha256(b"".join(images.numpy().tobytes() for images in first)).hexdigest()
    workers = [
        worker.memory_info().rss / MEGABYTE
        for worker in psutil.Process().children(recursive=True)
        if worker.memory_info().rss > 200 * MEGABYTE
    ]
    end_workers(batches)
    return {
        "images": len(dataset),
        "stored": "objects" if objects else "compact",
        "index_s": round(indexed - began, 1),
        "first_batch_s": round(seconds, 1),
        "main_mb": round(psutil.Process().memory_info().rss / MEGABYTE),
        "workers_mb": [round(size) for size in workers],
        "first_batch": pixels[:16],
    }


def main() -> int:
    """Measure each list in a process of its own; return 1 if first batches differ."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--count", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--objects", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.count:
        print(json.dumps(measure(config(options.folder, options.count), options.objects)))
        return 0
    server = serve(pictures())
    keys = {
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{server.server_port}",
        "AWS_SKIP_SIGNATURE": "true",
        "AWS_REGION": "us-east-1",
    }
    for count in COUNTS:
        write_lists(config(options.folder, count), count)
    found = []
    for count, objects in ((COUNTS[0], False), (COUNTS[1], False), (COUNTS[1], True)):
        words = ["--folder", str(options.folder), "--count", str(count)]
        answer = subprocess.run(
            [sys.executable, "-m", "experiments.checks.million", *words]
            + ["--objects"] * objects,
            env=os.environ | keys, stdout=subprocess.PIPE, text=True, check=True,
        )  # fmt: skip
        print(answer.stdout.strip(), flush=True)
        found.append(json.loads(answer.stdout))
    return int(found[1]["first_batch"] != found[2]["first_batch"])


if __name__ == "__main__":
    sys.exit(main())
