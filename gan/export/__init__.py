"""Export generators as files for other programs."""
