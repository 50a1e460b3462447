"""What `gan augment` takes."""

from gan.augment.settings import AugmentConfig


def augment(config: AugmentConfig) -> int:
    """Translate a labelled dataset, carry its labels, refuse translations that would spoil them.

    The output is a dataset of the same format and structure. It also holds augmentation.jsonl (a
    line for each translation: source, model, scores, decision), augmentation.json (settings and
    thresholds) and sheet.png. The same command goes on where it was stopped. The exit status is 1
    where an image could not be translated.
    """
    from gan.augment.command import carry_out  # torch, which --help can do without

    return carry_out(config)
