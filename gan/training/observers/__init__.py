"""What looks at a run between its steps, without changing what they compute."""
