"""Whether weights fit a network."""

from collections.abc import Collection, Mapping

from torch import Tensor


def state_dict_mismatch(
    wanted: Mapping[str, Tensor], given: Mapping[str, Tensor], known: Collection[str]
) -> str | None:
    """The first tensor that is missing, foreign or of another shape, and how many more there are.

    `wanted` is the network's state, `given` what it is to be filled with, and foreign is what is
    not `known`. None where all fit.
    """
    problems = [f"{name} is missing" for name in wanted if name not in given]
    problems += [f"{name} is foreign" for name in given if name not in known]
    problems += [
        f"{name} is {tuple(given[name].shape)} in place of {tuple(tensor.shape)}"
        for name, tensor in wanted.items()
        if name in given and given[name].shape != tensor.shape
    ]
    more = f" and {len(problems) - 1} more" if len(problems) > 1 else ""
    return problems[0] + more if problems else None
