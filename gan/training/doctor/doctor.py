"""The doctor of a run: examines logged values and translations, and reports new faults."""

import math
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import Tensor

from gan.config import LossConfig, OptimConfig, TrainConfig
from gan.config.tables.adversarial import ADVERSARIAL
from gan.config.tables.findings import FAULTS
from gan.domains import DIRECTIONS, Domain
from gan.training.doctor import pictures, scores
from gan.training.doctor.pictures import Network

LOGS = 4
"""Smallest number of logged steps whose scores and gradients are examined: one step has too few
images."""
MEMORY = 400
"""Number of logged steps kept; at most half of them form a window."""
SCALING = 0.05
"""Share of steps that fp16 may skip: its scaler finds the largest scale by trial."""

Signals = dict[tuple[str, str], float]
"""Values by fault and place (a direction, a domain, a group of networks, or all)."""
Rows = list[tuple[int, dict[str, float]]]
"""Logged steps and their values."""
OTHER = {"ab": "b", "b": "ab", "ba": "a", "a": "ba"}
"""For a direction, its target domain; for a domain, the direction that translates into it."""


@dataclass(frozen=True)
class Finding:
    """A signal beyond its limit in a window of steps."""

    step: int
    """The last step of the window in which it was found."""
    window: tuple[int, int]
    """First and last step of the examined window."""
    name: str
    where: str
    """A direction (ab, ba), a discriminator's domain (a, b), generators, discriminators or all."""
    value: float
    limit: float
    advice: str


@dataclass(frozen=True)
class Examination:
    """The result of an examination at the end of a window."""

    signals: Signals
    """All signals that are defined for the recipe, including those of ignored faults."""
    found: list[Finding]
    """Faults that the window before did not have."""
    gone: list[Finding]
    """Faults that have disappeared, as they were when found."""


class Doctor:
    """Watches one run through its logged values and its translations of the same test images.

    It uses its own random numbers and keeps no gradients: training gives the same numbers without
    it.
    """

    def __init__(
        self,
        loss: LossConfig,
        train: TrainConfig,
        optim: OptimConfig = OptimConfig(),  # noqa: B008, frozen
    ) -> None:
        self.chance = ADVERSARIAL[loss.adversarial].chance
        self.ignored = set(train.doctor_ignore)
        self.every = train.doctor_every
        # The discriminators' learning rate divided by that of the generators.
        self.pace = (optim.discriminator_lr or optim.lr) / optim.lr
        self.tolerated = SCALING if train.precision == "fp16" else 0.0
        self.rows: deque[tuple[int, dict[str, float]]] = deque(maxlen=MEMORY)
        self.examined = 0
        self.open: dict[tuple[str, str], Finding] = {}
        # Skipped steps: the run's total, and the number since the last examination.
        self.skipped = self.left_out = 0.0

    def log(self, step: int, values: Mapping[str, float]) -> None:
        """Count skipped steps; record the values that the doctor uses unless one is not finite."""
        self.left_out += max(0.0, values["skipped_steps"] - self.skipped)
        self.skipped = values["skipped_steps"]
        kept = {name: value for name, value in values.items() if name.startswith(PREFIXES)}
        if all(math.isfinite(value) for value in kept.values()):
            self.rows.append((step, kept))

    def examine(
        self, step: int, forth: Network, back: Network | None, real: Mapping[Domain, Tensor]
    ) -> Examination:
        """Examine the window of steps that ends at a step.

        forth translates A to B, back translates B to A if the recipe has it; both are in eval mode.
        real holds (N, C, H, W) in [-1, 1] for each domain present, always the same images.
        """
        window = (max(self.examined, step - self.every) + 1, step)
        with torch.no_grad():
            signals, distances = self.look(forth, back, real)
        recent, before = self.split()
        share = self.left_out / (step - window[0] + 1)
        signals["left_out", "all"] = share if share > self.tolerated else 0.0
        alone = back is None
        findings = [_diagnose(*at, value, window, alone=alone) for at, value in signals.items()]
        if len(recent) >= LOGS:
            logged = self.listen(recent, before, distances)
            reach = (min(window[0], recent[0][0]), step)
            findings += [_diagnose(*at, value, reach, self.pace) for at, value in logged.items()]
            signals = signals | logged
        self.examined, self.left_out = step, 0.0
        return self.news(signals, findings)

    def look(
        self, forth: Network, back: Network | None, real: Mapping[Domain, Tensor]
    ) -> tuple[Signals, dict[str, float]]:
        """Return signals of translations, and their mean distance from each target domain's images.

        That is the mean Euclidean distance over pairs of an image and a translation.
        """
        signals: Signals = {}
        distances: dict[str, float] = {}
        networks = {"ab": forth, "ba": back}
        for direction, ends in DIRECTIONS.items():
            there = networks[direction]
            if there is None:
                continue
            fake, wanted = there(real[ends.source]), real.get(ends.target)
            seen = _see(real[ends.source], fake, wanted, networks[ends.opposite])
            signals |= {(name, direction): value for name, value in seen.items()}
            if wanted is not None:
                apart = torch.cdist(wanted.float().flatten(1), fake.float().flatten(1))
                distances[ends.target] = float(apart.mean())
        return signals, distances

    def listen(self, recent: Rows, before: Rows, distances: Mapping[str, float]) -> Signals:
        """Return the signals of those values that the recipe logs.

        `recent` holds the logged steps of the window, and `before` earlier ones; `distances` is
        from look().
        """
        signals: Signals = {}
        for domain in ("a", "b"):
            if f"score_real_{domain}" not in recent[0][1]:
                continue
            real, fake = (_column(recent, f"score_{kind}_{domain}") for kind in ("real", "fake"))
            signals["blind", domain] = scores.teaching(scores.spread(real, fake), self.pace)
            if self.chance is None:
                signals["stretched", domain] = signals["beaten", domain] = scores.stretch(
                    real, fake, distances.get(domain, math.nan)
                )
            else:
                signals["saturated", domain] = scores.edge(
                    _column(recent, f"discriminator_{domain}"), self.chance
                )
                signals["beaten", domain] = scores.lead(real, fake)
        for name in ("generators", "discriminators"):
            norm = f"gradient_norm_{name}"
            if norm in recent[0][1] and len(before) >= LOGS:
                signals["exploding", name] = scores.growth(
                    _column(recent, norm), _column(before, norm)
                )
        return signals

    def split(self) -> tuple[Rows, Rows]:
        """Return the logged steps of this window, at least LOGS if possible, and earlier ones."""
        rows = list(self.rows)
        new = sum(step > self.examined for step, _ in rows)
        count = min(max(new, LOGS), MEMORY // 2)
        return rows[-count:], rows[:-count]

    def news(self, signals: Signals, findings: Iterable[Finding | None]) -> Examination:
        """Return what changed since the last window; faults whose signal is undefined stay open."""
        now = {(f.name, f.where): f for f in findings if f and f.name not in self.ignored}
        defined = {at: value for at, value in signals.items() if not math.isnan(value)}
        gone = [f for at, f in self.open.items() if at in defined and at not in now]
        found = {at: finding for at, finding in now.items() if at not in self.open}
        self.open = {at: f for at, f in self.open.items() if f not in gone} | found
        return Examination(defined, list(found.values()), gone)

    def state(self) -> dict[str, Any]:
        """Return the state that resuming requires."""
        return {
            "rows": list(self.rows),
            "examined": self.examined,
            "open": [asdict(finding) for finding in self.open.values()],
            "skipped": self.skipped,
            "left_out": self.left_out,
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Restore what state() returned; steps skipped after that state still count."""
        self.rows = deque(state["rows"], maxlen=MEMORY)
        self.examined, self.skipped = state["examined"], state["skipped"]
        found = (Finding(**finding) for finding in state["open"])
        self.open = {(f.name, f.where): f for f in found if f.name not in self.ignored}
        self.left_out = max(self.left_out, state["left_out"])


PREFIXES = ("score_", "discriminator_", "gradient_norm_")
"""Prefixes of the logged values that the doctor uses."""


def _see(
    real: Tensor, fake: Tensor, wanted: Tensor | None, home: Network | None
) -> dict[str, float]:
    """Return the signals of translations by fault; only not_finite if some values are not finite.

    fake are translations of real, wanted are real images of the target domain (or None), home is
    the inverse generator (or None).
    """
    broken = 1 - float(fake.isfinite().float().mean())
    if broken:
        return {"not_finite": broken}
    natural = [images for images in (real, wanted) if images is not None]
    signals = {
        "not_finite": broken,
        "inverted": pictures.luminance_correlation(real, fake),
        "copy": pictures.change(real, fake),
        "collapsed": pictures.relative_diversity(fake, real, wanted),
        "checkerboard": pictures.checkerboard(fake, *natural),
        "clipped": pictures.clipped(fake, *natural),
        "lost": pictures.structure(real, fake),
    }
    if min(fake.shape[-2:]) >= 2 * pictures.WINDOW:
        signals["grain"] = pictures.grain(fake, *natural)
        signals["blurred"] = pictures.blurred(fake, *natural)
        signals["halos"] = pictures.halos(fake, *natural)
    if home is not None:
        noise = torch.randn(fake.shape, generator=torch.Generator().manual_seed(0)).to(fake)
        signals["hidden_code"] = pictures.hidden_code(real, fake, home, pictures.NOISE * noise)
    return signals


def _diagnose(
    name: str,
    where: str,
    value: float,
    window: tuple[int, int],
    pace: float = 1.0,
    *,
    alone: bool = False,
) -> Finding | None:
    """Return a finding if a signal's value over a window is beyond its limit, else None.

    pace is the discriminators' learning rate divided by that of the generators; alone is whether
    there is only one generator.
    """
    fault = FAULTS[name]
    if not fault.has(value) or window[1] < fault.settled:
        return None
    text = fault.hasty if fault.hasty and pace > 1 else fault.advice
    text = fault.alone if fault.alone and alone else text
    advice = text.format(where=where, other=OTHER.get(where, ""))
    return Finding(window[1], window, name, where, value, fault.limit, advice)


def _column(rows: Rows, name: str) -> list[float]:
    return [values[name] for _, values in rows]
