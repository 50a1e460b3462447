"""Faults of keys that do not fit what a recipe trains."""

from collections.abc import Iterable

from gan.config.choices import WeightedTerm
from gan.config.section import Fault
from gan.config.sections import DataConfig, LossConfig, NetworksConfig, PerceptualConfig
from gan.config.tables.generators import GENERATORS
from gan.domains import DIRECTIONS, DOMAINS, Direction, Domain


def single_generator_faults(loss: LossConfig, networks: NetworksConfig, chosen: str) -> list[Fault]:
    """Return faults of keys that require a cycle or a second generator."""
    return [
        (
            loss.perceptual_cycle,
            f"{chosen} has no cycle: set loss.perceptual_cycle to 0",
        ),
        (
            networks.weights_ba is not None,
            f"networks.weights_ba is for two generators: remove it with {chosen}",
        ),
        (
            any(loss.weight("semantic", direction) for direction in DIRECTIONS),
            f"loss.semantic is for two generators: set it to 0 with {chosen}",
        ),
        (
            loss.terms,
            f"loss.terms is for two generators: remove it with {chosen}",
        ),
    ]


def encoder_faults(kind: str, data: DataConfig, chosen: str) -> list[Fault]:
    """Return faults if the generator's encoder cannot encode originals and translations."""
    able = " or ".join(name for name, row in GENERATORS.items() if row.encodes)
    return [
        (
            not GENERATORS[kind].encodes,
            f"{chosen} compares features of the generator's encoder, which {kind} does not "
            f"return: set networks.generator to {able}",
        ),
        (
            data.channels_a != data.channels_b,
            f"{chosen} encodes translations as it does originals: data.channels_a and "
            f"data.channels_b must be equal ({data.channels_a} and {data.channels_b} given)",
        ),
    ]


def decoder_faults(data: DataConfig, perceptual: PerceptualConfig, chosen: str) -> list[Fault]:
    """Return faults if reconstructions cannot be compared, or another network is named."""
    return [
        (
            (data.channels_a, data.channels_b) != (3, 3),
            f"{chosen} decodes color, also for gray photographs: set data.channels_a and "
            f"data.channels_b to 3 ({data.channels_a} and {data.channels_b} given)",
        ),
        (
            data.range_a != data.range_b,
            f"{chosen} compares reconstructions with photographs: set data.range_b to data.range_a",
        ),
        (
            perceptual.backbone != "vgg16",
            f"perceptual.backbone: {chosen} uses vgg16, not {perceptual.backbone}: set it to vgg16",
        ),
        (
            perceptual.content_layers or perceptual.style_layers,
            f"perceptual.content_layers, perceptual.style_layers: {chosen} compares the first "
            "feature maps of each block: remove them",
        ),
    ]


def channel_faults(loss: LossConfig, data: DataConfig) -> list[Fault]:
    """Return faults of losses that compare domains with different numbers of channels."""
    places: dict[WeightedTerm, Iterable[Domain | Direction]] = {
        "identity": DOMAINS,
        "semantic": DIRECTIONS,
    }
    return [
        (
            any(loss.weight(term, place) for place in places[term]),
            f"loss.{term} needs data.channels_a == data.channels_b "
            f"({data.channels_a} and {data.channels_b} given): "
            f"set loss.{term} to 0",
        )
        for term in places
    ]
