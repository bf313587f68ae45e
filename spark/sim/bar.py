"""The progress bar of a run."""

import contextlib
from collections.abc import Callable, Iterator

from spark.core.errors import Problem, RunError


@contextlib.contextmanager
def progress_bar(steps: int, wanted: bool | None) -> Iterator[Callable[[int], object]]:
    """A progress bar where there is a terminal, or as wanted."""
    try:
        from tqdm.auto import tqdm
    except ImportError as error:
        if wanted:
            raise RunError(
                Problem("progress", "needs tqdm, which is not installed", 'Install it: pip install "spark-brain[gym]"')
            ) from error
        yield lambda done: None
        return
    disable = None if wanted is None else not wanted
    with tqdm(total=steps, disable=disable, unit="step", unit_scale=True) as bar:
        yield bar.update
