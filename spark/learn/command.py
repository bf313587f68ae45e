"""The commands `spark learn`, `spark eval` and `spark watch`."""

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any

from spark.core.errors import SparkError
from spark.importing import add_import, import_modules
from spark.io import load_checkpoint
from spark.learn.evaluation import Evaluation
from spark.learn.keeping import Kept
from spark.learn.lesson import Progress
from spark.learn.placing import the_only
from spark.learn.plasticity import Plasticity, evaluate
from spark.learn.tasks import TASKS, task
from spark.learn.watching import frames
from spark.learn.yardsticks import yardsticks
from spark.nn import Brain
from spark.worlds import World

EPISODES = 100
# The exit status of a command that Ctrl-C ended, as shells have it.
BY_CTRL_C = 130


def add_commands(commands: Any) -> None:
    """Add the commands of learning to a parser's."""
    learn = commands.add_parser("learn", help="teach a brain a task by plasticity, and say how well it does")
    learn.add_argument("task", help=f"one of {', '.join(TASKS)}")
    learn.add_argument("--seed", type=int, default=0, help="seed of the brain and its world (0)")
    learn.add_argument("--seeds", type=int, default=1, help="how many brains, of this seed and those after it (1)")
    learn.add_argument("--episodes", type=int, default=200, help="episodes of learning (200)")
    learn.add_argument("--to", type=Path, default=Path("."), help="folder for the brain and its learning curve (here)")
    learn.add_argument("--resume", action="store_true", help="go on where a lesson in that folder was cut off")
    learn.add_argument("--json", action="store_true", help="print one object for each brain, and nothing else")
    evaluation = commands.add_parser("eval", help="say how well a brain does with learning off")
    evaluation.add_argument("file", type=Path, help="a brain that `spark learn` saved")
    add_import(evaluation)
    evaluation.add_argument("--episodes", type=int, default=EPISODES, help=f"how many episodes ({EPISODES})")
    evaluation.add_argument("--json", action="store_true", help="print one object, and nothing else")
    watch = commands.add_parser("watch", help="look at a brain in its world")
    watch.add_argument("file", type=Path, help="a brain that `spark learn` saved")
    add_import(watch)
    watch.add_argument("--rounds", type=int, default=500, help="how many steps of the world (500)")


def run_command(options: argparse.Namespace) -> int:
    """Run one of them; returns the exit status."""
    try:
        return {"learn": _learn, "eval": _eval, "watch": _watch}[options.command](options)
    except SparkError as error:
        print(f"spark {options.command}: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        print(f"spark {options.command}: {error.filename or 'files'}: {error.strerror}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print(f"\nspark {options.command}: interrupted", file=sys.stderr)
        return BY_CTRL_C


def _learn(options: argparse.Namespace) -> int:
    if not options.to.is_dir():
        print(f"spark learn: --to: there is no folder {options.to}. Create it first", file=sys.stderr)
        return 2
    if options.seeds < 1:
        print(f"spark learn: --seeds must be at least 1, got {options.seeds}", file=sys.stderr)
        return 2
    seeds = range(options.seed, options.seed + options.seeds)
    kept = [_kept(options, seed) for seed in seeds]
    found, alone = ([path for one in kept for path in which(one)] for which in (Kept.there, Kept.without_brain))
    if found and not options.resume:
        fix = "Give another folder, or remove it"
        if found[0] not in alone:
            fix = "Go on with its lesson by --resume, give another folder, or remove it"
        print(f"spark learn: --to: there is {found[0]} already. {fix}", file=sys.stderr)
        return 2
    if alone:
        fix = "Put its brain there, give another folder, or remove it, and the lesson begins"
        print(f"spark learn: --resume: there is {alone[0]}, and no brain beside it. {fix}", file=sys.stderr)
        return 2
    for seed in seeds:
        if not _teach(options, seed):
            return BY_CTRL_C
    return 0


def _kept(options: argparse.Namespace, seed: int) -> Kept:
    """Where the lesson of a seed is kept."""
    return Kept(options.to / f"{options.task}-seed-{seed}")


def _teach(options: argparse.Namespace, seed: int) -> bool:
    """Teach one brain, and say how well it does; whether that was not interrupted."""
    begin = time.perf_counter()
    kept = _kept(options, seed)
    brain, line = task(options.task, seed), _Line(not options.json)
    lesson = Plasticity().fit(
        brain,
        episodes=options.episodes,
        callbacks=[lambda progress: line.show(_progress(progress))],
        to=kept.name,
        resume=options.resume,
    )
    if lesson.stopped is not None:
        line.end()
        where = f" Saved in {kept.brain}; go on with --resume." if lesson.returns.size else ""
        done = f"seed {seed}: {lesson.stopped} after {lesson.returns.size}"
        print(f"spark learn: {done} of {options.episodes} episodes.{where}", file=sys.stderr)
        return False
    line.show("learned; now with learning off ...")
    found = evaluate(brain, episodes=EPISODES)
    beside = _beside(brain, EPISODES)
    line.end()
    first, seconds = lesson.first_solved, time.perf_counter() - begin
    if options.json:
        about = {"task": options.task, "seed": seed, "episodes": int(lesson.returns.size), "first_solved": first}
        judged = {"evaluation": _as_json(found), "beside": {name: _as_json(one) for name, one in beside.items()}}
        print(json.dumps({**about, "seconds": round(seconds, 2), **judged}), flush=True)
        return True
    solved = "not solved while it learned" if first is None else f"solved in episode {first}"
    print(f"Seed {seed}: {found}; {solved}; {seconds:.0f} s.")
    _print_beside(beside)
    print(f"Saved in {kept.brain}; its learning curve in {kept.curve}.")
    return True


def _eval(options: argparse.Namespace) -> int:
    import_modules(options.modules)
    brain = load_checkpoint(options.file)
    found = evaluate(brain, episodes=options.episodes)
    beside = _beside(brain, options.episodes)
    if options.json:
        judged = {"evaluation": _as_json(found), "beside": {name: _as_json(one) for name, one in beside.items()}}
        print(json.dumps({"file": str(options.file), **judged}))
        return 0
    print(f"The brain: {found}.")
    _print_beside(beside)
    return 0


def _watch(options: argparse.Namespace) -> int:
    if options.rounds < 1:
        print(f"spark watch: --rounds must be at least 1, got {options.rounds}", file=sys.stderr)
        return 2
    import_modules(options.modules)
    brain = load_checkpoint(options.file)
    the_only(brain, World)
    line = _Line(True)
    for picture in frames(brain, options.rounds):
        line.show(picture)
        if sys.stdout.isatty():
            time.sleep(0.02)
    line.end()
    return 0


def _beside(brain: Brain, episodes: int) -> dict[str, Evaluation]:
    """How other policies do in the brain's world."""
    specs = brain.config.modules_map[the_only(brain, World)]
    world: Any = specs.module_cls(specs.config)
    return yardsticks(world, episodes)


def _print_beside(beside: dict[str, Evaluation]) -> None:
    """Say how other policies did."""
    for name, found in beside.items():
        print(f"A {name} policy: {found}.")


def _as_json(found: Evaluation) -> dict[str, Any]:
    interval = [round(found.low, 2), round(found.high, 2)]
    return {"mean": round(found.mean, 2), "episodes": int(found.returns.size), "interval": interval}


def _progress(progress: Progress) -> str:
    last = progress.curve["return"][-10:]
    mean = f": {last.mean():.0f} on average of the last {last.size}" if last.size else ""
    return f"episode {progress.done} of {progress.episodes}{mean}"


class _Line:
    """A line that is written over and over; where there is no terminal, each text is a line of its own."""

    def __init__(self, shown: bool) -> None:
        self.shown, self.terminal = shown, sys.stdout.isatty()

    def show(self, text: str) -> None:
        """Write it."""
        if not self.shown:
            return
        print(f"\r\x1b[2K{text}" if self.terminal else text, end="" if self.terminal else "\n", flush=True)

    def end(self) -> None:
        """Clear it."""
        if self.shown and self.terminal:
            print("\r\x1b[2K", end="", flush=True)
