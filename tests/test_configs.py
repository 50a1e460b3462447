"""Every recipe in configs/ loads, names its command, and has the keys that its name promises."""

from pathlib import Path

import pytest
import yaml

from gan.config import Config

ROOT = Path(__file__).parents[1]
RECIPES = sorted((ROOT / "configs").glob("*.yaml"))


NEEDED = {"distill.yaml": {"distill": {"teacher": "teacher.safetensors"}}}
"""What a command must add to a recipe."""


def load(path: Path) -> Config:
    values = yaml.safe_load(path.read_text(encoding="utf-8"))
    return Config.model_validate(values | NEEDED.get(path.name, {}))


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.name)
def test_a_recipe_loads_and_names_its_command(path: Path) -> None:
    load(path)
    comment = [line for line in path.read_text(encoding="utf-8").splitlines() if line[:1] == "#"]
    assert any(f"--config configs/{path.name}" in line for line in comment)


def test_the_papers_recipe_is_the_default_except_for_precision() -> None:
    """torch rounds convolutions to TF32 on GPUs that have it; our default is exact everywhere."""
    paper = load(ROOT / "configs" / "paper.yaml")
    assert paper == Config.model_validate({"train": {"precision": "tf32"}})
