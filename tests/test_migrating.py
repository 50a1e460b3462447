"""The table of other programs' options is complete, and what it names here exists."""

import re
import shlex
from pathlib import Path

import pytest

from gan.cli.commands import COMMANDS
from gan.cli.parser import Parser

PAGE = (Path(__file__).parents[1] / "docs" / "migrating.md").read_text(encoding="utf-8")
REFERENCE = """
aspect_ratio batch_size beta1 checkpoints_dir continue_train crop_size dataroot dataset_mode
direction display_env display_freq display_id display_ncols display_port display_server
display_winsize epoch epoch_count eval gan_mode gpu_ids init_gain init_type input_nc
lambda_A lambda_B lambda_identity load_iter load_size lr lr_decay_iters lr_policy
max_dataset_size model model_suffix n_epochs n_epochs_decay n_layers_D name ndf netD netG ngf
niter niter_decay no_dropout no_flip no_html norm num_test num_threads output_nc phase pool_size
preprocess print_freq results_dir save_by_iter save_epoch_freq save_latest_freq serial_batches
suffix update_html_freq use_wandb verbose wandb_project_name
"""
"""Options of the reference's base_options, train_options and test_options, and of its model
cycle_gan: those of 2017 to 2025."""
SECTIONS = "data|networks|loss|optim|train|evaluate|run"


def rows() -> list[tuple[str, str]]:
    """The cells of all tables: there, here."""
    return re.findall(r"^\| (`--.*?) \| (.*) \|$", PAGE, re.MULTILINE)


@pytest.mark.parametrize("option", REFERENCE.split())
def test_every_option_of_the_reference_has_a_row(option: str) -> None:
    assert any(re.search(rf"`--{option}[ `]", there) for there, _ in rows())


@pytest.mark.parametrize(("there", "here"), rows())
def test_the_keys_and_values_of_a_row_are_taken(there: str, here: str) -> None:
    """Options with values are parsed all together, as gan train would."""
    words = [
        word
        for code in re.findall(rf"`(--(?:{SECTIONS})\.[^`]*)`", here)
        for word in shlex.split(code)
    ]
    given = [word for number, word in enumerate(words) if value_follows(words, number)]
    root = [] if "--data.a" in given else ["--data.root", "DIR"]
    Parser(COMMANDS["train"], "gan train").options([*root, *given])


def value_follows(words: list[str], number: int) -> bool:
    """Whether a word is an option with a value, or a value; a bare option only names a key."""
    if not words[number].startswith("--"):
        return True
    return number + 1 < len(words) and not words[number + 1].startswith("--")
