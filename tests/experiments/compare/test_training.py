"""The length of a run within a budget."""

from hypothesis import given
from hypothesis import strategies as st

from experiments.compare.training import Candidate, length
from gan.config import Config
from gan.training.schedule import RunLength


@given(
    steps=st.integers(1, 5000),
    pairs=st.integers(1, 400),
    epochs=st.integers(1, 200),
    decay=st.integers(0, 200),
    batch=st.integers(1, 8),
)
def test_a_run_has_the_steps_of_its_budget_and_the_recipes_proportions(
    steps: int, pairs: int, epochs: int, decay: int, batch: int
) -> None:
    train = {"epochs": epochs, "decay_epochs": decay, "batch_size": batch}
    config = Config.model_validate({"train": train})
    keys = dict(word.removeprefix("--").split("=") for word in length(config, steps, pairs))
    own = {key.removeprefix("train."): int(value) for key, value in keys.items()}
    made = Config.model_validate({"train": train | own}).train
    run = RunLength(made, pairs)
    assert run.stop == steps
    assert run.last_step - steps < -(-pairs // batch) + 1  # it ends in the last epoch
    share = decay / (epochs + decay)
    assert abs(made.decay_epochs - share * (made.epochs + made.decay_epochs)) <= 1


def test_a_candidate_is_a_file_and_keys_that_differ() -> None:
    candidate = Candidate("configs/small.yaml,loss.style=0,loss.tv=0", ["data.root=photos"])
    assert candidate.name == "small,loss.style=0,loss.tv=0"
    assert candidate.words == [
        "--config", "configs/small.yaml", "--data.root=photos", "--loss.style=0", "--loss.tv=0",
    ]  # fmt: skip
