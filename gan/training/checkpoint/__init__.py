"""Training states to resume from: how they are saved beside the training, and found again."""
