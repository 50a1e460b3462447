"""The recipes: one class for each kind of training."""
