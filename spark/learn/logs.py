"""Callbacks that write down how a lesson goes: to files, and to the field's tools."""

import json
import weakref
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from spark.core.arguments import checked
from spark.core.extras import need
from spark.io.atomic import write_atomically
from spark.learn.lesson import Progress


class _New:
    """The rows of a lesson that were not written yet: those before it was resumed are elsewhere.

    A lesson has one `Progress`: another one is another lesson, and begins anew.
    """

    def __init__(self) -> None:
        self.written = 0
        self.lesson: Callable[[], Progress | None] = lambda: None

    def rows(self, progress: Progress) -> list[tuple[int, dict[str, float]]]:
        """Number and values of each new episode."""
        if self.lesson() is not progress:
            self.written, self.lesson = progress.before, weakref.ref(progress)
        found = progress.rows(self.written)
        self.written = progress.done
        return found


class CsvLog:
    """Writes `episode` and what is known of each to a table of comma-separated values, whole after every call.

    A lesson that is resumed has its first episodes in it too.

    Args:
        path: The file; what was in it is replaced.
    """

    @checked
    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)

    def __call__(self, progress: Progress) -> None:
        """Write all episodes so far.

        Raises:
            SaveError: The file cannot be written; what was there before is untouched.
        """
        rows = [",".join([str(number), *map(repr, values.values())]) for number, values in progress.rows()]
        write_atomically(self.path, "\n".join([",".join(["episode", *progress.curve]), *rows, ""]).encode())


class JsonLinesLog:
    """Writes an object with `episode` and what is known of it on a line for each; otherwise as `CsvLog`.

    Args:
        path: The file; what was there is replaced.
    """

    @checked
    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)

    def __call__(self, progress: Progress) -> None:
        """Write all episodes so far.

        Raises:
            SaveError: The file cannot be written; what was there before is untouched.
        """
        lines = [json.dumps({"episode": number, **values}) for number, values in progress.rows()]
        write_atomically(self.path, "".join(f"{line}\n" for line in lines).encode())


class TensorBoardLog:
    """Writes a scalar of each episode to a folder that TensorBoard shows: `tensorboard --logdir FOLDER`.

    Args:
        folder: For a run of its own.

    Raises:
        MissingError: The package `tensorboardX` is not installed; says what to install.
    """

    @checked
    def __init__(self, folder: str | Path) -> None:
        need("tensorboard", "tensorboardX")
        from tensorboardX import SummaryWriter  # pyright: ignore[reportMissingImports]

        self.writer, self.new = SummaryWriter(str(folder)), _New()

    def __call__(self, progress: Progress) -> None:
        """Write the new episodes."""
        for number, values in self.new.rows(progress):
            for name, value in values.items():
                self.writer.add_scalar(name, value, number)
        self.writer.flush()


class WandbLog:
    """Logs each episode to a run of Weights & Biases, as its step.

    Args:
        settings: Arguments of `wandb.init`, such as `project="poles"`. The run is `log.run`; finish it with
            `log.run.finish()`.

    Raises:
        MissingError: The package `wandb` is not installed; says what to install.
    """

    def __init__(self, **settings: Any) -> None:
        need("wandb", "wandb")
        import wandb  # pyright: ignore[reportMissingImports]

        self.run, self.new = wandb.init(**settings), _New()

    def __call__(self, progress: Progress) -> None:
        """Log the new episodes."""
        for number, values in self.new.rows(progress):
            self.run.log(values, step=number)


class MLflowLog:
    """Logs each episode to MLflow, as its step, in the run that is active; MLflow begins one where none is.

    Args:
        parameters: Logged once as the run's parameters.

    Raises:
        MissingError: The package `mlflow` is not installed; says what to install.
    """

    def __init__(self, parameters: Mapping[str, Any] | None = None) -> None:
        need("mlflow", "mlflow")
        import mlflow  # pyright: ignore[reportMissingImports]

        self.mlflow, self.new = mlflow, _New()
        if parameters:
            mlflow.log_params(dict(parameters))

    def __call__(self, progress: Progress) -> None:
        """Log the new episodes."""
        for number, values in self.new.rows(progress):
            self.mlflow.log_metrics(values, step=number)
