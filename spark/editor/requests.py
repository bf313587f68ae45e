"""What a page may ask: every request by name, each a function of an open session and plain arguments."""

import asyncio
import base64
import inspect
import traceback
from collections.abc import Awaitable, Callable
from typing import Any

from spark.core.errors import FormatError, Problem, RunError, SparkError
from spark.core.names import suggestion
from spark.core.strict import too_long
from spark.editor import catalogue_view, gallery
from spark.editor.command_table import CommandError
from spark.editor.fixes import fixes_of
from spark.editor.live import Live
from spark.editor.protocol import header_of
from spark.editor.replay import replay_page
from spark.editor.wires import NEED_SHAPES, copied
from spark.io.code import python_code
from spark.io.graph_config import brain_config
from spark.io.model_file import MOST_BYTES, SUFFIX, TOO_LARGE, new_document, readable
from spark.io.pictures import SUFFIXES, model_in, svg

Request = Callable[..., Awaitable[Any]]
REQUESTS: dict[str, Request] = {}


def request(function: Request) -> Request:
    """Enter a request under its function's name."""
    REQUESTS[function.__name__] = function
    return function


async def answer(live: Live, do: object, arguments: dict[str, Any]) -> Any:
    """Do what is asked.

    Raises:
        SparkError: It cannot be done; says why.
    """
    if not isinstance(do, str) or do not in REQUESTS:
        raise RunError(Problem(str(do)[:80], "is nothing that can be asked", suggestion(str(do)[:80], REQUESTS)))
    function = REQUESTS[do]
    try:
        bound = inspect.signature(function).bind(live, **arguments)
    except TypeError as error:
        raise RunError(Problem(do, f"cannot be asked so: {error}", "Reload the page", "arguments")) from error
    try:
        return await function(*bound.args, **bound.kwargs)
    except SparkError:
        raise
    except OSError as error:
        text = f"failed: {error.strerror or error}"
        raise RunError(Problem(do, text, "Make room or give the files free, and do it again", "disk")) from error
    except Exception as error:  # Whatever it is, a page that asked gets an answer.
        if not isinstance(error, TypeError | ValueError | LookupError | AttributeError):
            traceback.print_exc()
        raise RunError(Problem(do, f"cannot be done so: {error}", "Reload the page", "arguments")) from error


@request
async def apply(live: Live, commands: list[dict[str, Any]], join: Any = None) -> Any:
    """Do commands as one step; see `spark.editor.commands`."""
    named = [c["do"] for c in commands if isinstance(c.get("do"), str)]
    known = await live.known_shapes() if NEED_SHAPES & set(named) else None
    results, patch = live.session.apply(commands, join, known)
    live.changed(patch)
    return {"results": results, "revision": live.session.history.revision}


@request
async def undo(live: Live) -> Any:
    """Take the last step back."""
    patch = live.session.undo()
    live.changed(patch)
    return {"touched": [key for _, key, _, _ in patch]}


@request
async def redo(live: Live) -> Any:
    """Do it again."""
    patch = live.session.redo()
    live.changed(patch)
    return {"touched": [key for _, key, _, _ in patch]}


@request
async def new(live: Live) -> None:
    """Begin with an empty document."""
    live.session.take(new_document())
    await live.replaced()


@request
async def files(live: Live) -> Any:
    """What can be opened, and what can drive an input."""
    root = live.session.root
    return {
        "folder": str(root.folder),
        "models": root.listing((SUFFIX, *SUFFIXES)),
        "data": root.listing((".npy", ".csv")),
        "examples": gallery.listing(),
        "drafts": live.shelf.drafts() if live.shelf is not None else [],
    }


@request
async def open_file(live: Live, path: str) -> Any:
    """Open a model file."""
    live.session.open(path)
    await live.replaced()
    return live.heads()


@request
async def open_example(live: Live, name: str) -> Any:
    """Open a brain of the gallery."""
    live.session.take(gallery.document(name), live.session.file_to_be)
    await live.replaced()


@request
async def open_data(live: Live, name: str, data: str) -> Any:
    """Open a file that was dropped on the page: a model file or a picture that has one inside."""
    if len(data) > 2 * MOST_BYTES:
        raise FormatError(Problem(name[:80], too_long(len(data) * 3 // 4, MOST_BYTES), TOO_LARGE, "format"))
    live.session.take(model_in(name[:80], base64.b64decode(data, validate=True)))
    await live.replaced()


@request
async def save(live: Live, path: str | None = None, overwrite: bool = False) -> Any:
    """Save the document."""
    file = live.session.save(path, overwrite)
    live.push({"push": "patch", "patch": [], **live.heads()})
    return {"file": file}


@request
async def restore(live: Live, draft: str) -> Any:
    """Take up the draft of another session."""
    if live.shelf is not None:
        await live.shelf.release(draft)
    live.session.restore(draft)
    await live.replaced()
    if live.session.left_out:
        live.push({"push": "failed", "problems": [vars(p) for p in live.session.left_out]})


@request
async def forget_draft(live: Live, draft: str) -> None:
    """Delete the draft of another session."""
    if live.shelf is not None:
        await live.shelf.release(draft)
    live.session.forget(draft)


@request
async def copy(live: Live, ids: list[str]) -> Any:
    """Nodes as plain data for the clipboard."""
    return copied(live.session.document, ids)


@request
async def export(live: Live, kind: str) -> Any:
    """The document as a file: `model`, `python`, `svg` or `replay`."""
    document = live.session.document
    name = str(document["meta"].get("name") or "brain")
    if kind == "model":
        return {"name": f"{name}{SUFFIX}", "text": readable(name, document).decode()}
    if kind == "svg":
        return {"name": f"{name}.svg", "text": svg(document)}
    if kind == "replay":
        kept = [base64.b64encode(f).decode() for f in live.runner.kept if header_of(f)["view"] != "world"]
        if not kept:
            raise RunError(Problem("replay", "nothing was recorded yet", "Run the brain with a raster or a trace open"))
        return {"name": f"{name}.html", "text": replay_page(document, kept)}
    if kind == "python":
        config, found = brain_config(document)
        if config is None:
            raise RunError([p.problem for p in found])
        return {"name": f"{name}.py", "text": python_code(config, live.session.document["run"])}
    raise RunError(Problem("export", f"cannot be {kind!r}", "Ask for model, python, svg or replay", "kind"))


@request
async def fixes(live: Live, node: str | None = None) -> Any:
    """What could mend the problems, each as commands."""
    return fixes_of(live.session.document, live.problems, live.shapes)


@request
async def source(live: Live, type: str) -> Any:
    """The Python source of a module."""
    return {"text": catalogue_view.source(type)}


@request
async def histogram(live: Live, initializer: dict[str, Any]) -> Any:
    """What an initializer draws."""
    return await asyncio.to_thread(catalogue_view.histogram, initializer)


@request
async def components(live: Live, node: str) -> Any:
    """The components of a neuron."""
    record = live.session.document["nodes"].get(node)
    if record is None:
        raise CommandError(Problem("components", "the node is not there"))
    return catalogue_view.components(record["type"], record.get("config", {}))


@request
async def run(live: Live) -> Any:
    """Start, or go on."""
    async with live.run_lock:
        await live.load()
        return await live.runner.ask("run")


@request
async def pause(live: Live) -> Any:
    """Stand still."""
    return await live.runner.ask("pause") if live.runner.alive else {"phase": "none"}


@request
async def step(live: Live, steps: int = 1) -> Any:
    """Do some steps, and stand still."""
    if type(steps) is not int or not 1 <= steps <= 100_000:
        raise RunError(Problem("steps", f"must be a whole number from 1 to 100,000, got {steps!r}", "", "bounds"))
    async with live.run_lock:
        await live.load()
        return await live.runner.ask("step", steps=steps)


@request
async def reset(live: Live) -> Any:
    """Back to step 0."""
    live.runner.forget()
    return await live.runner.ask("reset") if live.runner.alive else {"phase": "none"}


@request
async def stop(live: Live) -> Any:
    """End the brain's process."""
    await live.close()
    return {"phase": "none"}
