"""Generators as the reference stores them: a pickled state_dict with its names."""

from collections import OrderedDict
from pathlib import Path
from typing import Any

import torch
from torch import nn

from gan.config.tables.generators import GENERATORS, generator_row
from gan.system.atomic import write_whole

NORMS = ("instance", "batch", "none")


def write_reference(path: Path, network: nn.Module, spec: dict[str, Any]) -> None:
    """Write a .pth that the reference's test.py loads, or CUT's for generators that filter.

    ValueError where neither has such a network.
    """
    check_expressible(spec)
    state = OrderedDict((name, tensor.cpu()) for name, tensor in network.state_dict().items())
    write_whole(path, lambda file: torch.save(state, file))


def check_expressible(spec: dict[str, Any]) -> None:
    """Raise ValueError for what the reference does not have."""
    if generator_row(spec["kind"]).reference_name is None:
        offered = [row.reference_name for row in GENERATORS.values() if row.reference_name]
        raise ValueError(f"the reference has no {spec['kind']}: it has {', '.join(offered)}")
    if spec["norm"] not in NORMS:
        raise ValueError(f"the reference has no norm {spec['norm']}: it has {', '.join(NORMS)}")
    if spec["upsample"] == "resize":
        raise ValueError("the reference has no upsample resize: it has deconv, and CUT has blur")


def reference_options(spec: dict[str, Any]) -> str:
    """Return the options of test.py for a generator whose file is called latest_net_G.pth."""
    filters = {"no_antialias": spec.get("downsample"), "no_antialias_up": spec["upsample"]}
    cut = "blur" in filters.values()
    options = ["--netG", generator_row(spec["kind"]).reference_name, "--ngf", spec["channels"]]
    options += ["--normG" if cut else "--norm", spec["norm"]]
    options += ["--input_nc", spec["in_channels"], "--output_nc", spec["out_channels"]]
    options += [] if spec["dropout"] else ["--no_dropout"]
    options += [f"--{name}" for name, value in filters.items() if cut and value != "blur"]
    project = "contrastive-unpaired-translation: --model cut" if cut else "--model test"
    return " ".join(map(str, [project, *options]))
