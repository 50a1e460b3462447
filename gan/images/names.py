"""File names as they may be shown."""


def printable(text: str) -> str:
    """The text with line breaks, control characters and undecodable bytes escaped."""
    return "".join(char if char.isprintable() else ascii(char)[1:-1] for char in text)
