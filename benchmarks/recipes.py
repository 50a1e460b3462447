"""Compare the time of training steps of several recipes."""

import statistics
import time
from typing import Any

import torch

from benchmarks.machine import report
from benchmarks.peak import wait_for
from benchmarks.plain import Device, random_batch
from experiments.compare.training import Candidate
from gan.cli.commands import COMMANDS
from gan.cli.parser import Parser
from gan.config import Config
from gan.config.table import load
from gan.config.tables.recipes import RECIPES
from gan.training.accelerator import build_accelerator, compile_networks

WARM_UP = 3


class Timed:
    """Times a recipe's training step on random images."""

    def __init__(self, text: str, keys: list[str], device: Device) -> None:
        candidate = Candidate(text, [*keys, f"run.device={device}"])
        parsed, _ = Parser(COMMANDS["train"], "benchmarks").options(candidate.words)
        config = Config.model_validate(parsed)
        accelerator = build_accelerator(config)
        row = RECIPES[config.recipe]
        recipe = load(row.code)(config, accelerator)
        networks = recipe.frame.updates.networks.values()
        if config.train.compile and (fault := compile_networks(networks, accelerator.device)):
            raise ValueError(f"{candidate.name}: train.compile: no compiler works here: {fault}")
        self.name, self.device, self.recipe = candidate.name, accelerator.device, recipe
        sides = dict(
            zip("ab", random_batch(config.data.crop_size, config.train.batch_size), strict=True)
        )
        self.batch = [sides[domain] for domain in row.domains]
        self.pairs, self.steps = config.train.batch_size, 0
        self.seconds: list[float] = []
        for _ in range(WARM_UP):
            self.step()

    def step(self) -> None:
        """Train one step."""
        self.steps += 1
        self.recipe.train_step(self.steps, [self.batch])

    def turn(self, steps: int) -> None:
        """Time some steps: processor time on a CPU, wall-clock time on a GPU."""
        clock = time.process_time if self.device.type == "cpu" else time.perf_counter
        wait_for(self.device)
        began = clock()
        for _ in range(steps):
            self.step()
        wait_for(self.device)
        self.seconds.append((clock() - began) / steps / self.pairs)


def recipes(
    recipes: list[str],
    keys: list[str] = [],  # noqa: B006, jsonargparse shows it
    rounds: int = 15,
    steps: int = 4,
    threads: int = 1,
    device: Device = "auto",
) -> None:
    """Time the training steps of recipes in turn: seconds per pair of images, and ratios.

    A ratio is the median over rounds of a recipe's seconds, divided by the first recipe's in the
    same round, with quartiles.

    Args:
        recipes: Files or names, with changed keys: small or small.yaml,loss.style=0.
        keys: Keys for all recipes, KEY=VALUE.
        rounds: Turns of each recipe.
        steps: Steps per turn.
        threads: Threads on a CPU.
        device: Device for training.
    """
    if not recipes or rounds < 2 or steps < 1:
        raise ValueError("recipes, rounds, steps: at least 1, 2 and 1 are required")
    torch.set_num_threads(threads)
    timed = [Timed(text, keys, device) for text in recipes]
    for _ in range(rounds):
        for recipe in timed:
            recipe.turn(steps)
    report(recipes={recipe.name: _figures(recipe, timed[0]) for recipe in timed})


def _figures(recipe: Timed, first: Timed) -> dict[str, Any]:
    """Return the median seconds, the median ratio and its quartiles."""
    ratios = [own / base for own, base in zip(recipe.seconds, first.seconds, strict=True)]
    low, ratio, high = statistics.quantiles(ratios, n=4, method="inclusive")
    return {
        "seconds": round(statistics.median(recipe.seconds), 5),
        "ratio": round(ratio, 3),
        "quartiles": [round(low, 3), round(high, 3)],
    }
