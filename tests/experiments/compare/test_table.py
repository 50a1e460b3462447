"""The table of a comparison, checked cell by cell."""

from typing import Any

from experiments.compare.table import tables


def record(recipe: str, seed: int, **values: float) -> dict[str, Any]:
    """Return a record whose photographs all have the same value."""
    last: dict[str, Any] = {
        name: {"value": value, "unchanged": 2.0, "photographs": {"p": 0.0, "q": 0.0}}
        for name, value in values.items()
    }
    return {
        "recipe": recipe, "seed": seed, "protocol": "demo val", "steps": 10, "seconds": 3.0,
        "best": "last", "truth": 0.5, "generators": {"last": last | {"artifacts": {"grid": 1.0}}},
    }  # fmt: skip


def rows(text: str) -> dict[str, dict[str, str]]:
    lines = [[cell.strip() for cell in line.split("|")[1:-1]] for line in text.splitlines()[2:]]
    head, body = lines[0], lines[2:]
    return {
        row[0]: dict(zip(head, row, strict=True))
        for row in body
        if row[4] != "best"  # the same here
    }


def test_a_recipe_for_one_direction_leaves_the_cells_of_the_cycle_empty() -> None:
    both = [record("paper", seed, l1_ab=1.0, cycle_a=0.25) for seed in (0, 1)]
    one = [record("contrastive", seed, l1_ab=0.5) for seed in (0, 1)]
    found = rows(tables([*both, *one]))
    assert found["paper"]["l1_ab"] == "1"
    assert found["paper"]["cycle_a"] == "0.25"
    assert found["contrastive"]["l1_ab"].startswith("0.5 (-50%, -50% to -50%)")
    assert found["contrastive"]["cycle_a"] == ""
    assert found["photographs"]["cycle_a"] == "2"
    reversed_ = rows(tables([*one, *both]))
    assert reversed_["paper"]["cycle_a"] == "0.25"
    assert reversed_["photographs"]["cycle_a"] == ""


def test_a_seed_whose_best_generator_has_no_cycle_leaves_the_cell_empty() -> None:
    """The best of one seed is the last, which has both generators; the best of the other is not."""
    first, second = (record("paper", seed, l1_ab=1.0, cycle_a=0.25) for seed in (0, 1))
    kept = {name: about for name, about in first["generators"]["last"].items() if name != "cycle_a"}
    second["generators"]["epoch007"] = kept
    second["best"] = "epoch007"
    lines = tables([first, second]).splitlines()
    head, last, best = (
        [cell.strip() for cell in line.split("|")[1:-1]] for line in (lines[2], *lines[-2:])
    )
    assert dict(zip(head, last, strict=True))["cycle_a"] == "0.25"
    assert dict(zip(head, best, strict=True))["cycle_a"] == ""
    assert dict(zip(head, best, strict=True))["l1_ab"] == "1"
