"""What `gan prepare` takes."""

from gan.preparation.settings import PrepareConfig


def prepare(config: PrepareConfig, dry_run: bool = False) -> int:
    """Make trainA, trainB, testA and testB out of folders, tables of files and videos.

    Pictures are copied or linked, never changed, and copies of a picture stay on one side of the
    split. OUTPUT/preparation.jsonl says what came from where. The same command goes on where it was
    stopped. What cannot be read is named and left out, and the exit status is 1.

    Args:
        config: The sources, the conditions and the output.
        dry_run: Say what would be done, and write nothing.
    """
    from gan.preparation.command import make  # OpenCV and its company, which --help can do without

    return make(config, dry_run=dry_run)
