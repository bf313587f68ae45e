"""Files that are there whole or not at all, and errors that name them."""

from pathlib import Path

from spark.core.errors import Problem, SaveError
from spark.files import write_whole


def write_atomically(path: Path, data: bytes) -> None:
    """Write a file so that `path` holds its old content or the new one, whatever happens; see `write_whole`.

    Raises:
        SaveError: Writing failed; names the file.
    """
    try:
        write_whole(Path(path), data)
    except OSError as error:
        raise SaveError(
            Problem(
                str(path),
                f"writing failed: {error.strerror or error}",
                "Make room, or choose another place; what was there before is untouched",
                "disk",
            )
        ) from error
