"""What is trained: a recipe for each kind of training, a table with one row for each."""
