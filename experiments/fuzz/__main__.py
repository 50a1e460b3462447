"""Read thousands of damaged files: none may crash, hang, use too much memory, or pass wrongly."""

import os
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

from jsonargparse import auto_cli
from tqdm import tqdm

from experiments.fuzz.mutants import mutant, seeds
from experiments.fuzz.trial import Verdict, attempt


def verdict(number: int) -> Verdict:
    """Return the verdict on the mutant with this number."""
    return attempt(mutant(number))


def fuzz(mutants: int = 20_000, first: int = 0, output: Path | None = None) -> int:
    """Try mutants, print their outcomes, and save findings; return 1 if there are any.

    Args:
        mutants: Number of mutants.
        first: Number of the first mutant; equal numbers give equal mutants.
        output: Folder for the files of findings.
    """
    numbers = range(first, first + mutants)
    with ProcessPoolExecutor(os.cpu_count(), get_context("fork")) as pool:
        results = pool.map(verdict, numbers, chunksize=25)
        verdicts = list(tqdm(results, total=mutants, unit="mutant", disable=None))
    counts = Counter(each.outcome for each in verdicts)
    known = [each for each in verdicts if each.mutant.must_fail]
    print(f"{mutants} mutants of {len(seeds())} files, {len(known)} of them with pixels missing:")
    print(", ".join(f"{count} {outcome}" for outcome, count in counts.most_common()))
    for each in filter(lambda each: each.found, verdicts):
        one = each.mutant
        print(f"{one.number} {one.seed} ({one.damage}): {each.outcome}, {each.detail}")
        if output:
            output.mkdir(parents=True, exist_ok=True)
            (output / f"{one.number}-{one.seed}").write_bytes(one.content)
    return 1 if any(each.found for each in verdicts) else 0


if __name__ == "__main__":
    raise SystemExit(auto_cli(fuzz, as_positional=False))
