"""The part `switches`: train with every precision, switch and adversarial form."""

import time
from typing import Any

from experiments.checks.gpu.setting import Figures, Setting

TOLERANCES = {"fp32": 1e-4, "tf32": 1e-2, "bf16": 0.1, "fp16": 1e-2}
"""Largest differences of the first step's losses, relative to float32's, or to 1 if those are
smaller."""


def switches(setting: Setting) -> Figures:
    """Train some steps with every precision, switch and adversarial form; compare first losses."""
    from gan.config.tables.adversarial import ADVERSARIAL

    switches: dict[str, dict[str, dict[str, Any]]] = {
        precision: {"train": {"precision": precision}} for precision in setting.precisions()
    }
    switches |= {
        "one by one": {"train": {"batch_passes": False}},
        "recompute": {"train": {"recompute": True}},
        "channels last": {"train": {"channels_last": True}},
        "fused": {"train": {"fused": True, "channels_last": True}},
        "bf16, fused": {"train": {"precision": "bf16", "fused": True, "channels_last": True}},
        "deterministic": {"run": {"deterministic": True}},
        "accumulate": {"train": {"accumulate": 2}},
    }
    if setting.cuda:
        switches |= {
            "compile": {"train": {"compile": True}},
            "bf16, compile": {"train": {"precision": "bf16", "compile": True}},
            "bf16, compile, channels last": {
                "train": {"precision": "bf16", "compile": True, "channels_last": True}
            },
            "bf16, compile, fused": {
                "train": {
                    "precision": "bf16",
                    "compile": True,
                    "channels_last": True,
                    "fused": True,
                }
            },
        }
    for form in ADVERSARIAL:
        switches[form] = {"loss": {"adversarial": form}}
        switches[f"{form}, bf16"] = {"loss": {"adversarial": form}, "train": {"precision": "bf16"}}
    if setting.cuda:
        switches["wgan_gp, compile"] = {
            "loss": {"adversarial": "wgan_gp"}, "train": {"compile": True},
        }  # fmt: skip
    figures: Figures = {}
    first: dict[str, dict[str, float]] = {}
    faults = []
    for name, sections in switches.items():
        try:
            losses, figures[name] = some_steps(setting, sections)
        except Exception as error:  # continue with the others
            figures[name] = f"{type(error).__name__}: {str(error).splitlines()[0][:200]}"
            faults.append(name)
            continue
        first[name] = losses
        form = sections.get("loss", {}).get("adversarial", "lsgan")
        plain = first.get(form) or first["fp32"]
        limit = TOLERANCES[sections.get("train", {}).get("precision", "fp32")]
        if form == "lsgan" or name != form:
            apart = max(abs(losses[key] - plain[key]) / max(abs(plain[key]), 1) for key in plain)
            figures[name]["first losses apart"] = float(f"{apart:.2g}")
            faults += [name] if apart > limit else []
    assert not faults, f"{faults}: {figures}"
    return figures


def some_steps(
    setting: Setting, sections: dict[str, dict[str, Any]]
) -> tuple[dict[str, float], Figures]:
    """Train a few steps on noise; return the first step's losses, and the time of later steps."""
    from benchmarks.peak import wait_for
    from benchmarks.plain import random_batch
    from gan.training.accelerator import build_accelerator, compile_networks
    from gan.training.recipes.cyclegan import Trainer

    config = setting.config(setting.folder / "none", **sections)
    trainer = Trainer(config, build_accelerator(config))
    device = trainer.frame.accelerator.device
    if config.train.compile:
        fault = compile_networks(trainer.frame.updates.networks.values(), device)
        assert fault is None, fault
    batches = [random_batch(config.data.crop_size, 1)] * config.train.accumulate
    values = trainer.train_step(1, batches)
    first = {name: float(value) for name, value in values.items() if name.split("_")[0] in LOSSES}
    wait_for(device)
    started, steps = time.perf_counter(), 3
    for step in range(2, 2 + steps):
        values = trainer.train_step(step, batches)
    wait_for(device)
    seconds = (time.perf_counter() - started) / steps
    broken = [name for name, value in values.items() if not value.isfinite().all()]
    assert not broken, f"not finite: {broken}"
    assert float(values["skipped_steps"]) == 0 or config.train.precision == "fp16", "skipped steps"
    return first, {"milliseconds a step": round(1000 * seconds, 1)}


LOSSES = ("adversarial", "cycle", "identity", "discriminator")
