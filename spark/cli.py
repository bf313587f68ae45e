"""The command `spark`."""

import argparse
import importlib.util
import sys
from pathlib import Path

import numpy as np

import spark
from spark.doctor import report
from spark.importing import add_import, import_modules
from spark.learn.command import add_commands, run_command
from spark.nn import Brain

NEEDED_BY_EDITOR = ("starlette", "uvicorn", "websockets")
# What the demo can draw; a name with another end would fail after the run, or have its picture elsewhere.
PICTURES = (".jpg", ".pdf", ".png", ".svg")
NEEDED_BY_DEMO = {"gymnasium": "gym", "tqdm": "gym", "matplotlib": "plot"}


def main(arguments: list[str] | None = None) -> int:
    """Run the command; returns the exit status."""
    parser = argparse.ArgumentParser(prog="spark", description="Build, run, teach and show spiking brains.")
    parser.add_argument("--version", action="version", version=f"spark {spark.__version__}")
    commands = parser.add_subparsers(dest="command", metavar="command")
    demo = commands.add_parser(
        "demo", help="run the tutorial's brain at CartPole, draw what it does, and teach another"
    )
    demo.add_argument("--iterations", type=int, default=2500, help="environment steps (default 2500)")
    demo.add_argument(
        "--picture", type=Path, default=Path("spark_demo.png"), help="where to write the picture (spark_demo.png)"
    )
    demo.add_argument("--lesson", type=int, default=60, help="episodes in which a brain learns; 0 for none (60)")
    demo.add_argument("--quiet", action="store_true", help="no progress bar")
    edit = commands.add_parser("edit", help="open the Graph Editor: draw a brain, run it, watch it")
    edit.add_argument("file", nargs="?", help="a model file (*.spark.json)")
    edit.add_argument("--folder", help="folder of the files that may be opened and saved")
    edit.add_argument("--host", default="127.0.0.1", help="where to listen (127.0.0.1)")
    edit.add_argument("--port", type=int, default=0, help="the port (any that is free)")
    edit.add_argument("--token", help="the secret that pages must show (a new one)")
    edit.add_argument("--allow-host", action="append", default=[], help="another name:port by which browsers reach it")
    edit.add_argument("--prefix", default="", help="path under which a proxy shows it")
    edit.add_argument("--no-browser", action="store_true", help="only print the link")
    add_import(edit)
    explain = commands.add_parser("explain", help="say how each module of a brain runs on this machine, and why")
    explain.add_argument("file", help="a model file (*.spark.json) or a checkpoint (*.safetensors)")
    add_import(explain)
    profile = commands.add_parser("profile", help="say where the time of a brain's steps goes, its inputs silent")
    profile.add_argument("file", help="a model file (*.spark.json) or a checkpoint (*.safetensors)")
    add_import(profile)
    profile.add_argument("--steps", type=int, default=1000, help="how many steps to look at (1000)")
    # What learns is loaded with Spark anyway; its commands stand beside it.
    add_commands(commands)
    commands.add_parser("doctor", help="show versions, devices, kernels, and how to mend what is missing")
    options = parser.parse_args(arguments)
    if options.command == "demo":
        return _demo(options)
    if options.command == "edit":
        return _edit(options)
    if options.command == "explain":
        return _explain(options)
    if options.command == "profile":
        return _profile(options)
    if options.command in ("learn", "eval", "watch"):
        return run_command(options)
    if options.command == "doctor":
        text, healthy = report()
        print(text)
        return 0 if healthy else 1
    parser.print_help()
    return 0


def _edit(options: argparse.Namespace) -> int:
    missing = [name for name in NEEDED_BY_EDITOR if importlib.util.find_spec(name) is None]
    if missing:
        print(
            f"spark edit needs {', '.join(missing)}. Install them: pip install 'spark-brain[editor]'", file=sys.stderr
        )
        return 2
    # The server's packages are loaded by nothing else.
    from spark.editor.launch import run_command

    try:
        import_modules(options.modules)
        return run_command(options)
    except (spark.SparkError, ImportError) as error:
        print(f"spark edit: {error}", file=sys.stderr)
        return 2


def _opened(file: str) -> Brain:
    """The brain of a checkpoint, or of any other file as a model file."""
    return spark.load_checkpoint(file) if Path(file).suffix == ".safetensors" else spark.load_model(file)


def _explain(options: argparse.Namespace) -> int:
    try:
        import_modules(options.modules)
        print(spark.explain(_opened(options.file)))
    except spark.SparkError as error:
        print(f"spark explain: {error}", file=sys.stderr)
        return 2
    return 0


def _profile(options: argparse.Namespace) -> int:
    try:
        import_modules(options.modules)
        brain = _opened(options.file)
        silent = {n: s.payload_type(np.zeros(s.shape, s.dtype)) for n, s in brain.declared_inputs().items()}
        print(spark.profile(brain, options.steps, silent))
    except spark.SparkError as error:
        print(f"spark profile: {error}", file=sys.stderr)
        return 2
    return 0


def _demo(options: argparse.Namespace) -> int:
    missing = [name for name in NEEDED_BY_DEMO if importlib.util.find_spec(name) is None]
    if missing:
        print(f"spark demo needs {', '.join(missing)}. Install them: pip install 'spark-brain[demo]'", file=sys.stderr)
        return 2
    if options.iterations < 1:
        print(f"--iterations must be at least 1, got {options.iterations}", file=sys.stderr)
        return 2
    if options.lesson < 0:
        print(f"--lesson must be at least 0, got {options.lesson}", file=sys.stderr)
        return 2
    if options.picture.suffix.lower() not in PICTURES:
        known = f"{', '.join(PICTURES[:-1])} or {PICTURES[-1]}"
        print(f"--picture: the name must end in {known}, got {str(options.picture)!r}", file=sys.stderr)
        return 2
    if not options.picture.parent.is_dir():
        print(f"--picture: there is no folder {options.picture.parent}. Create it first", file=sys.stderr)
        return 2
    try:
        with options.picture.open("ab"):
            pass
    except OSError as error:
        print(f"--picture: cannot write {options.picture}: {error.strerror}. Choose another place", file=sys.stderr)
        return 2
    # The demo pulls in matplotlib and gymnasium, which `spark --version` must not need.
    from spark.demo import run_demo, run_lesson

    measured = run_demo(options.iterations, options.picture, progress=not options.quiet)
    print(f"{measured['iterations_per_second']:,.0f} iterations per second")
    episodes = f"{measured['episodes']:.0f} episodes, {measured['mean_return']:.0f} steps each on average"
    print(
        f"The pool fires at {measured['pool_rate']:.0f} Hz. "
        f"{episodes if measured['episodes'] else 'No episode ended'} (nothing teaches this brain)."
    )
    print(f"Picture: {options.picture.resolve()}", flush=True)
    if options.lesson:
        print(run_lesson(options.lesson))
    return 0


if __name__ == "__main__":
    sys.exit(main())
