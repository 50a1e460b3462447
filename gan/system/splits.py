"""The files of a configuration and a split of a dataset on the Hub."""

import re
from collections.abc import Iterable, Mapping
from fnmatch import fnmatch
from typing import Any

SPLITS = ("train", "validation", "valid", "val", "dev", "test")
"""Names of splits that are found in names of files, if the card lists none."""


def chosen_files(names: list[str], chosen: Mapping[str, str], card: Mapping[str, Any]) -> list[str]:
    """Return the files of a configuration and a split: the card's, or by their names.

    ValueError, with those that exist, if the choice is not there or is not clear.
    """
    if not names:
        raise ValueError("no Parquet files here, so that no column can be chosen")
    listed = [each for each in card.get("configs") or [] if each.get("data_files")]
    if listed:
        configs = {str(each["config_name"]): each["data_files"] for each in listed}
        splits = _splits(configs[_pick("config", chosen, list(configs), "default")])
        patterns = splits[_pick("split", chosen, list(splits), "train")]
        return [name for name in names if any(fnmatch(name, pattern) for pattern in patterns)]
    if config := chosen.get("config"):
        folders = {part for name in names for part in name.split("/")[:-1]}
        _pick("config", chosen, sorted(folders), config)
        names = [name for name in names if config in name.split("/")[:-1]]
    known = {*SPLITS, chosen.get("split", "train")}
    words = {word for name in names for word in re.split(r"[/._-]", name)} & known
    if not words and "split" not in chosen:
        return names
    split = _pick("split", chosen, sorted(words), "train")
    return [name for name in names if split in re.split(r"[/._-]", name)]


def _splits(data_files: Any) -> dict[str, list[str]]:
    """Return patterns of files by split, from one of the forms that a card may have."""
    if isinstance(data_files, str):
        data_files = [data_files]
    found: dict[str, list[str]] = {}
    for each in data_files:
        entry = each if isinstance(each, Mapping) else {"split": "train", "path": each}
        paths = entry["path"]
        found.setdefault(str(entry["split"]), []).extend(
            [paths] if isinstance(paths, str) else paths
        )
    return found


def _pick(key: str, chosen: Mapping[str, str], there: Iterable[str], usual: str) -> str:
    """Return the chosen name, or the usual or only one; ValueError, with all, if that fails."""
    names = list(there)
    name = chosen.get(key) or (names[0] if len(names) == 1 else usual)
    if name not in names:
        told = f"{key} {name}: not there" if key in chosen else f"add {key}=NAME"
        raise ValueError(f"{told}; there is {', '.join(names) or 'none'}")
    return name
