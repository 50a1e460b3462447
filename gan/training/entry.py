"""What `gan train` takes."""

from gan.config import Config


def train_command(config: Config, plan: bool = False) -> int:
    """Train a CycleGAN on two folders of images, or resume the run that lies in run.dir.

    style.image asks for one generator that gives photographs this painting's style, and
    networks.generator adain for one that takes the style from a second picture. The exit status: 0
    when the run is finished (one that was finished before says so), 75 when a signal stopped it and
    the same command would resume it. ValueError names the key or the file that is wrong, OSError a
    state that cannot be written.

    Args:
        config: All about the run.
        plan: Take some steps in a temporary folder, print how long the run and how large its memory
            would be, and end.
    """
    # torch and its company, which --help can do without
    from gan.training.api import train
    from gan.training.forecast import plan as forecast

    return forecast(config) if plan else train(config).status
