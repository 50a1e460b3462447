"""The command line of all commands."""
