"""The command `gan explain`: translate a picture, show what networks compute, write a sheet."""

from collections.abc import Iterator

import numpy as np
from PIL import Image

from gan.explain import stability
from gan.explain.discriminator import patches
from gan.explain.look import Look, Pixels, as_image, in_channels, open_look
from gan.explain.options import ExplainOptions
from gan.explain.sheet import Section, Tile, draw_sheet
from gan.explain.stability import difference
from gan.explain.stages import main_components, record_stages
from gan.images import write_image
from gan.system.text import printable

AMPLIFIED = 2
"""Factor by which difference pictures are made brighter."""


def explain(options: ExplainOptions) -> int:
    """Write a sheet about a model's translation of a picture; return the exit status.

    ValueError if the model or the picture cannot be opened.
    """
    look = open_look(options)
    sections = [*cycle(look), *stages(look), *patches(look), *changes(look)]
    title = f"{options.input.name}, {look.direction}, computed at {look.side} pixels"
    write_image(draw_sheet(title, sections), options.output)
    for note in look.notes:
        print(printable(note))
    print(printable(f"Sheet: {options.output}"))
    return 0


def cycle(look: Look) -> Iterator[Section]:
    """Return the section about the picture, its translation and its reconstruction."""
    changed = difference(*_colors(look.pixels, look.fake))
    tiles = [
        Tile(as_image(look.pixels), f"{look.direction[0].upper()}: the picture"),
        Tile(as_image(look.fake), f"{look.direction[1].upper()}: its translation"),
        Tile(
            _distance(look.pixels, look.fake),
            f"what the translation changes: {changed:.0f} gray levels",
        ),
    ]
    if look.back:
        rec = look.back.translate(in_channels(look.fake, look.back.channels))
        lost = difference(*_colors(look.pixels, rec))
        tiles += [
            Tile(as_image(rec), "the reconstruction, from the translation alone"),
            Tile(_distance(look.pixels, rec), f"what the cycle loses: {lost:.0f} gray levels"),
        ]
    yield Section(
        "What is changed, and what is kept",
        "Differences are drawn twice as bright as they are. Their numbers are root mean squares; "
        "white is 255.",
        tiles,
    )


def stages(look: Look) -> Iterator[Section]:
    """Show the feature maps of the generator, from the first layer to the last."""
    tiles = [
        Tile(
            Image.fromarray(main_components(stage.maps)),
            f"{stage.name}, {' x '.join(map(str, stage.maps.shape))}",
        )
        for stage in record_stages(look.forth.network, look.unit(look.pixels))
    ]
    yield Section(
        "Inside the generator",
        "The feature maps after some of its layers (channels x height x width). Red, green and "
        "blue are their three main components: equal colors mean equal features.",
        tiles,
    )


def changes(look: Look) -> Iterator[Section]:
    """Show the translations of slightly changed pictures."""
    tiles = []
    for change in stability.measure(look.forth.translate, look.pixels):
        gain = f", {change.gain:.1f} times" if change.gain else ""
        moved = f"{change.before:.0f} -> {change.after:.0f} gray levels{gain}"
        tiles.append(Tile(as_image(change.changed), f"{change.name}: {moved}"))
    yield Section(
        "How much the translation moves when the picture changes a little",
        "The first number is the change of the picture, the second that of its translation. Above "
        "1.0 times the generator amplifies the change. For a shift, the second number of a stable "
        "generator is 0.",
        tiles,
    )


def _colors(*pictures: Pixels) -> list[Pixels]:
    """Return pictures with three channels each."""
    return [np.broadcast_to(each, (*each.shape[:2], 3)) for each in pictures]


def _distance(one: Pixels, other: Pixels) -> Image.Image:
    """Return a gray picture of the absolute difference, averaged over channels and amplified."""
    first, second = (np.asarray(as_image(each).convert("RGB"), float) for each in (one, other))
    distance = np.abs(first - second).mean(2)
    return Image.fromarray((AMPLIFIED * distance).clip(0, 255).astype(np.uint8))
