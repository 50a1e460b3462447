"""Average gradients between processes as a training step does, and nothing else.

torchrun --nproc_per_node 2 -m benchmarks.exchange 1000000 4000000     # bytes of each network
"""

import statistics
import sys
import time

import torch
import torch.distributed as dist

from benchmarks.machine import report
from gan.system.processes import any_process, join

ROUNDS, WARM_UP = 20, 3
BUCKET = 25 * 2**20
"""Bytes that torch's DistributedDataParallel averages at once."""


def exchange(networks: list[int]) -> None:
    """Average this many bytes for each network, ask for signals, and print seconds a step."""
    processes = join(cpu=True)
    torch.set_num_threads(1)
    buckets = [
        torch.ones(min(BUCKET, total - start) // 4)
        for total in networks
        for start in range(0, total, BUCKET)
    ]
    seconds = []
    for _ in range(WARM_UP + ROUNDS):
        any_process(False)  # all begin at once
        started = time.perf_counter()
        for bucket in buckets:
            dist.all_reduce(bucket)
        any_process(False)  # in every step: has a signal arrived?
        seconds.append(time.perf_counter() - started)
    if processes.main:
        report(exchange_seconds=statistics.median(seconds[WARM_UP:]), processes=processes.world)
    dist.destroy_process_group()


if __name__ == "__main__":
    exchange([int(word) for word in sys.argv[1:]])
