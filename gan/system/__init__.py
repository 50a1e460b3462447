"""The operating system: processes, memory, signals, atomic files, failures, text."""
