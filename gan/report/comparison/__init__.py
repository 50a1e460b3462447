"""Several runs on one page: seeds of one recipe are folded into mean and deviation."""
