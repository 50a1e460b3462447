"""The dataset of `make demo`, and its report on the trained networks."""
