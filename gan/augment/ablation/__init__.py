"""Whether translations help: the same small network, trained with them and without, on one test."""
