"""The table of other programs' options is complete, and what it names here exists."""

import re
import shlex
from pathlib import Path

import pytest

from gan.cli.commands import COMMANDS
from gan.cli.help import GENERAL
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
OLDER = "how_many ntest which_epoch"
"""Those of before 2018 with other names."""
OTHERS = """
adam_beta1 adam_beta2 adam_epsilon adam_weight_decay allow_tf32 center_crop
checkpointing_steps checkpoints_total_limit dataloader_num_workers ema_decay
gradient_accumulation_steps gradient_checkpointing hub_model_id learning_rate local_rank
logging_dir lr_scheduler lr_warmup_steps max_grad_norm max_train_samples max_train_steps
mixed_precision num_train_epochs output_dir pretrained_model_name_or_path push_to_hub random_flip
report_to resolution resume_from_checkpoint scale_lr seed train_batch_size train_data_dir
use_8bit_adam use_ema validation_steps
dataset_folder lambda_cycle lambda_gan lambda_idt max_train_epochs tracker_project_name
train_img_prep val_img_prep viz_freq
batch_size beta1 beta2 channels checkpoint_interval dataset_name decay_epoch epoch image_size
lambda_cyc lambda_id lr model_name n_residual_blocks num_epochs num_workers sample_interval
"""
"""Options of diffusers' training scripts, then those that train_cyclegan_turbo.py of img2img-turbo
and huggan/pytorch/cyclegan/train.py of huggingface/community-events have too."""
REASON = re.compile(
    r"no counterpart|default|only one|above|again|always|not needed|not printed|set by"
    r"|on demand|have these names|all pictures|RUN/"
)
"""Says why a row names no key: what it was for happens anyway, or cannot be had."""
SECTIONS = "data|networks|loss|optim|train|evaluate|run"


def rows(text: str = PAGE) -> list[tuple[str, str]]:
    """The cells of all tables: there, here."""
    return re.findall(r"^\| (`--.*?) \| (.*) \|$", text, re.MULTILINE)


@pytest.mark.parametrize("option", REFERENCE.split())
def test_every_option_of_the_reference_has_a_row(option: str) -> None:
    assert any(re.search(rf"`--{option}[ `]", there) for there, _ in rows())


def options(cell: str) -> list[str]:
    """The options that a cell names, in code."""
    return re.findall(r"--([a-z][\w.]*)", " ".join(re.findall(r"`([^`]*)`", cell)))


OURS = {
    name
    for command in ("train", "translate", "evaluate", "export")
    for parser in [Parser(COMMANDS[command], f"gan {command}")]
    for name in (*parser.fields, *parser.command.flags, *GENERAL)
}


@pytest.mark.parametrize(("title", "known"), [
    ("From the reference", f"{REFERENCE} {OLDER}"), ("From diffusers and other", OTHERS),
])  # fmt: skip
def test_options_on_the_left_are_those_of_the_program(title: str, known: str) -> None:
    part = PAGE.partition(f"## {title}")[2].partition("\n## ")[0]
    found = [option for there, _ in rows(part) for option in options(there)]
    assert len(found) > 40
    assert not set(found) - set(known.split())


@pytest.mark.parametrize(("there", "here"), rows())
def test_a_row_names_our_options_or_the_reason_why_it_cannot(there: str, here: str) -> None:
    """On the right, other programs' options may be explained: the row's own, and torchrun's."""
    named = {*options(here)} - {*options(there), "nproc_per_node"}
    assert not named - OURS
    assert named or "`gan " in here or REASON.search(here)


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
