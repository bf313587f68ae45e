"""Model files from Python: a brain out of a drawing, and a drawing out of a brain."""

from pathlib import Path

from spark.core.arguments import checked
from spark.core.errors import FormatError, Problem, in_short
from spark.core.strict import read_bounded
from spark.io.graph_config import brain_config
from spark.io.graph_of import document_of
from spark.io.model_file import SUFFIX, load_document, save_document
from spark.io.pictures import MOST_PICTURE, SUFFIXES, model_in
from spark.nn import Brain, BrainConfig


@checked
def load_model(path: str | Path) -> Brain:
    """The brain of a model file, or of a picture that the editor exported (.svg, .png). Nothing in it is ever run.

    Args:
        path: The file.

    Raises:
        FormatError: It is no model file, or what it describes is no whole brain: everything that is wrong.
    """
    path = Path(path)
    if path.name.endswith(SUFFIXES):
        document = model_in(str(path), read_bounded(path, MOST_PICTURE))
    else:
        document = load_document(path)
    config, found = brain_config(document)
    if config is None:
        raise FormatError(_of(path, p.problem) for p in found)
    return Brain(config)


def _of(path: Path, problem: Problem) -> Problem:
    return Problem(f"{path}: {problem.address}".removesuffix(": "), problem.message, problem.fix, problem.kind)


@checked
def save_model(brain: Brain | BrainConfig, path: str | Path, name: str | None = None) -> None:
    """Write a brain's config as a model file that the editor opens. State is not in it: see `save_checkpoint`.

    To the state belong all weights that rules change, and what an actor or a critic has learned.

    Args:
        brain: The brain, or its config.
        path: The file; its name ends with `.spark.json`.
        name: Title that the editor shows, which is not blank; left out, that of the file.

    Raises:
        FormatError: The path has another ending than `.spark.json`, or the title is blank.
        RegistryError: A module's class is in no catalogue.
        SaveError: Writing failed, or the file would be longer than `load_model` reads, as with large matrices of
            connections: nothing is written.
    """
    path = Path(path)
    if not path.name.endswith(SUFFIX):
        problem = Problem(str(path), f"has another ending than {SUFFIX}", f"Call it {path.stem}{SUFFIX}", "path")
        raise FormatError(problem)
    if name is not None and not name.strip():
        text = f"is no title, got {in_short(name)}; expected text that can be read"
        raise FormatError(Problem("name", text, "Leave it out, and the title is that of the file", "name"))
    config = brain.config if isinstance(brain, Brain) else brain
    save_document(document_of(config, name or path.name.removesuffix(SUFFIX)), path)
