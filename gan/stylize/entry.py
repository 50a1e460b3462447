"""What `gan stylize` takes."""

from gan.stylize.settings import StylizeConfig


def stylize(config: StylizeConfig) -> None:
    """Paint a photograph in the style of one or several paintings."""
    from gan.stylize.command import paint_all  # torch, which --help can do without

    paint_all(config)
