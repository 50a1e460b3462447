"""Keep the state of a decoder's training beside the decoder's file, until that file is written.

States are those of trainings (gan.training.checkpoint.states): complete or absent, with hashes.
"""

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import torch

from gan.config import changed_keys
from gan.system.failures import say
from gan.training.checkpoint.states import newest_state, publish, remove_old, write


@dataclass(frozen=True)
class Kept:
    """The states of one training."""

    decoder: Path
    """The decoder's file, which the training is to write."""
    facts: Mapping[str, Any]
    """All on which the training depends: options by section, and `fingerprints` of files."""

    @property
    def folder(self) -> Path:
        """The hidden folder of the states."""
        return self.decoder.with_name(f".{self.decoder.name}.training")

    def load(self) -> dict[str, Any]:
        """Return the newest complete state; {} if there is none.

        ValueError if it is that of a training with other options or files.
        """
        saved, problems = newest_state(self.folder)
        for problem in problems:
            say(self.decoder, f"a training state is damaged, and is skipped: {problem}")
        if saved is None:
            return {}
        # As JSON returns them.
        now = json.loads(json.dumps(dict(self.facts)))
        if changes := changed_keys(saved.manifest["config"], now):
            raise ValueError(
                f"wct.decoder: {self.folder} holds an interrupted training with other options or "
                f"files ({'; '.join(changes)}): use the same ones, or delete this folder"
            )
        return saved.load(0)[0]

    def save(self, step: int, state: Mapping[str, Any]) -> None:
        """Write the state after `step` steps; older ones are removed."""
        folder = self.folder / f"step-{step:08d}"
        part = self.folder / f".{folder.name}.tmp"
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir(parents=True)
        write(partial(torch.save, dict(state)), part / "shared.pt")
        publish(part, folder, {"step": step, "recipe": "decoder", "config": dict(self.facts)})
        remove_old(self.folder, step, keep=1)

    def remove(self) -> None:
        """Remove all states: the decoder's file is written."""
        shutil.rmtree(self.folder, ignore_errors=True)
