"""The command `spark`."""

import argparse
import importlib.util
import sys
from pathlib import Path

import spark
from spark.doctor import report

NEEDED_BY_DEMO = {"gymnasium": "gym", "tqdm": "gym", "matplotlib": "plot"}


def main(arguments: list[str] | None = None) -> int:
    """Run the command; returns the exit status."""
    parser = argparse.ArgumentParser(prog="spark", description="Build, run, teach and show spiking brains.")
    parser.add_argument("--version", action="version", version=f"spark {spark.__version__}")
    commands = parser.add_subparsers(dest="command", metavar="command")
    demo = commands.add_parser("demo", help="run the tutorial's brain at CartPole and draw what it does")
    demo.add_argument("--iterations", type=int, default=2500, help="environment steps (default 2500)")
    demo.add_argument(
        "--picture", type=Path, default=Path("spark_demo.png"), help="where to write the picture (spark_demo.png)"
    )
    demo.add_argument("--quiet", action="store_true", help="no progress bar")
    commands.add_parser("doctor", help="show versions, devices, kernels, and how to mend what is missing")
    options = parser.parse_args(arguments)
    if options.command == "demo":
        return _demo(options)
    if options.command == "doctor":
        text, healthy = report()
        print(text)
        return 0 if healthy else 1
    parser.print_help()
    return 0


def _demo(options: argparse.Namespace) -> int:
    missing = [name for name in NEEDED_BY_DEMO if importlib.util.find_spec(name) is None]
    if missing:
        print(f"spark demo needs {', '.join(missing)}. Install them: pip install 'spark-brain[demo]'", file=sys.stderr)
        return 2
    if options.iterations < 1:
        print(f"--iterations must be at least 1, got {options.iterations}", file=sys.stderr)
        return 2
    if not options.picture.parent.is_dir():
        print(f"--picture: there is no folder {options.picture.parent}. Create it first", file=sys.stderr)
        return 2
    # The demo pulls in matplotlib and gymnasium, which `spark --version` must not need.
    from spark.demo import run_demo

    measured = run_demo(options.iterations, options.picture, progress=not options.quiet)
    print(f"{measured['iterations_per_second']:,.0f} iterations per second")
    print(
        f"The pool fires at {measured['pool_rate']:.0f} Hz. {measured['episodes']:.0f} episodes, "
        f"{measured['mean_return']:.0f} steps each on average (nothing teaches this brain yet)."
    )
    print(f"Picture: {options.picture.resolve()}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
