"""Compare several runs on one page; seeds of one recipe become a mean and a deviation."""
