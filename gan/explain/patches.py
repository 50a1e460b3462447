"""Open the discriminator of a run, whose scores are drawn over pictures."""

from pathlib import Path

from torch import nn

from gan.config import Config
from gan.config.tables.recipes import RECIPES
from gan.domains import Domain
from gan.networks.assembly import build_networks
from gan.training.checkpoint.states import newest_state
from gan.training.optimization import by_name


def open_discriminator(run: Path, config: Config, domain: Domain) -> nn.Module:
    """Load the discriminator of a domain from a run's newest training state, on the CPU.

    ValueError if the recipe has none, or if no state can be read.
    """
    if domain not in RECIPES[config.recipe].discriminators:
        raise ValueError(
            f"the recipe {config.recipe} has no discriminator for domain {domain.upper()}"
        )
    state, _ = newest_state(run / "state")
    if state is None:
        raise ValueError(f"{run / 'state'} holds no training state")
    name = f"disc_{domain}"
    data = config.data
    built = build_networks(config.networks, data.channels_a, data.channels_b, [name], seed=0)
    saved, _ = state.load(0)
    network = built[name]
    network.load_state_dict(by_name(saved["networks"], RECIPES[config.recipe].networks)[name])
    return network.eval().requires_grad_(False)
