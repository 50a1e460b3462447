"""Training states to resume from: saved in a thread during training, found at the next start."""
