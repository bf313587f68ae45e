"""One system's side of the tutorial benchmark: run by the Python of the environment that is measured.

The code measured is that of `tests/contract/seed_tutorial.py`, cut at its two loops and otherwise unchanged. Each
figure is taken after compilation. Prints one JSON object. `tutorial.py` lets two of these work in turns.
"""

import argparse
import ast
import itertools
import json
import os
import platform
import statistics
import sys
import time
import types
from importlib import metadata
from pathlib import Path

TUTORIAL = Path(__file__).parent.parent / "tests" / "contract" / "seed_tutorial.py"
PIECES = ("training", "readout", "calls", "scan")


def main():
    """Measure and print, all at once or piece by piece as asked on the standard input."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--quick", action="store_true", help="fewer iterations, for a look")
    parser.add_argument("--peer", action="store_true", help="this environment holds spark-snn")
    parser.add_argument("--serve", action="store_true", help="read names of pieces, answer each with its figures")
    options = parser.parse_args()
    answers, sys.stdout = sys.stdout, sys.stderr  # What a package prints must not end up between the answers.
    if options.peer:
        prepare_peer()
    tutorial = Tutorial(TUTORIAL.read_text(), quick=options.quick)
    report = {
        "versions": versions(),
        "prepare_s": tutorial.prepare_s,
        "compile_s": tutorial.compile_s,
        "scan_error": tutorial.scan_error,
        "training_iterations": tutorial.limits[0],
        "brain_steps": tutorial.brain_steps,
    }
    if options.serve:
        print(json.dumps(report), file=answers, flush=True)
        for line in sys.stdin:
            print(json.dumps(tutorial.measure(line.strip())), file=answers, flush=True)
        return
    rounds = [tutorial.measure_all() for _ in range(options.rounds)]
    summary = {name: spread([one[name] for one in rounds]) for name in rounds[0]}
    print(json.dumps({**report, "rounds": rounds, "summary": summary}), file=answers)


def prepare_peer():
    """Keep spark-snn from importing its Qt editor, and give its release the tutorial's two older names."""
    editor = types.ModuleType("spark.graph_editor.editor")
    editor.SparkGraphEditor = None
    sys.modules[editor.__name__] = editor
    import spark

    if not hasattr(spark, "InputSpec"):
        spark.InputSpec = spark.OutputSpec = spark.PortSpecs


class Tutorial:
    """The tutorial's code in four pieces, prepared and compiled, ready to be timed.

    `prepare_s` is the time of its imports and of building its brains twice, `compile_s` that of the first step.
    """

    def __init__(self, source, quick):
        self.call_count, self.chunk = (5, 50) if quick else (21, 100)
        self.limits = (300, 10) if quick else (2500, 100)
        pieces = cut(source)
        self.training, self.between, self.readout = pieces[1:]
        self.names = {"__name__": "tutorial"}
        begin = time.perf_counter()
        exec(pieces[0], self.names)
        self.prepare_s = time.perf_counter() - begin
        self.names["tqdm"] = lambda iterable: itertools.islice(iterable, self.limit)
        self.start = self.names["graph"], self.names["state"]
        self.compile_s = self.first_call()
        self.brain_steps = self.count_brain_steps()
        self.empty_call = self.compile_empty_call()
        self.input = self.names["spark"].FloatArray(self.names["jnp"].array((0.1, -0.2, 0.3, -0.1), dtype="float16"))
        self.scan, self.scan_error = self.compile_scan()

    def first_call(self):
        """Return the seconds that the first call of `run_model` takes."""
        names = self.names
        zeros = names["spark"].FloatArray(names["jnp"].zeros((4,), dtype="float16"))
        begin = time.perf_counter()
        names["jax"].block_until_ready(names["run_model"](*self.start, zeros))
        return time.perf_counter() - begin

    def count_brain_steps(self):
        """Run both loops once, untimed; return how often each called `run_model`, flushes included.

        Keeps what the training loop's calls returned: played back, it is the same loop with a brain that costs nothing.
        """
        run_model, count = self.names["run_model"], itertools.count()
        self.outputs = []

        def counted(graph, state, x):
            next(count)
            out, state = run_model(graph, state, x)
            self.outputs.append(out)
            return out, state

        self.names["run_model"] = counted
        self.time_training()
        in_training = next(count)
        self.played = list(self.outputs)
        self.time_readout()
        self.names["run_model"] = run_model
        return {"training": in_training, "readout": next(count) - in_training - 1}

    def compile_empty_call(self):
        """Return a call of the least that `jax.jit` can do."""
        jax, jnp = self.names["jax"], self.names["jnp"]
        increment, zero = jax.jit(lambda x: x + 1), jnp.array(0.0)
        increment(zero).block_until_ready()
        return lambda: increment(zero)

    def compile_scan(self):
        """Return `run_model` inside a `lax.scan` of 1,000, or None and the error where that cannot be done."""
        jax, run_model, graph, fixed = self.names["jax"], self.names["run_model"], self.start[0], self.input

        @jax.jit
        def thousand_steps(state):
            def step(state, _):
                out, state = run_model(graph, state, fixed)
                return state, out["action"].value

            return jax.lax.scan(step, state, None, length=1000)

        try:
            jax.block_until_ready(thousand_steps(self.names["state"]))
        except (TypeError, ValueError) as error:
            return None, f"{type(error).__name__}: {str(error)[:200]}"
        return thousand_steps, None

    def measure_all(self):
        """Return one round's figures."""
        return {name: value for piece in PIECES for name, value in self.measure(piece).items()}

    def measure(self, piece):
        """Return the figures of one piece of a round."""
        if piece == "training":
            seconds, own = self.time_training(), self.time_without_brain()
            return {
                "training_it_s": self.limits[0] / seconds,
                "own_us": own / self.limits[0] * 1e6,
                "brain_us": (seconds - own) / self.limits[0] * 1e6,
            }
        if piece == "readout":
            return {"readout_it_s": self.limits[1] / self.time_readout()}
        return self.time_calls() if piece == "calls" else self.time_scan()

    def time_training(self):
        """Return the seconds of the training loop, from the brain's and the environment's first state."""
        names, self.limit = self.names, self.limits[0]
        names["graph"], names["state"] = self.start
        names["reward"] = 0
        names["next_obs"] = names["process_obs"](names["env"].reset(seed=42)[0])
        return self.time_piece(self.training)

    def time_without_brain(self):
        """Return the seconds of the training loop with a brain that only plays back what the real one put out."""
        run_model, played = self.names["run_model"], iter(self.played)
        self.names["run_model"] = lambda graph, state, x: (next(played), state)
        seconds = self.time_training()
        self.names["run_model"] = run_model
        return seconds

    def time_readout(self):
        """Return the seconds of the second loop, which reads the spikes out at every step."""
        self.limit = self.limits[1]
        exec(self.between, self.names)
        return self.time_piece(self.readout)

    def time_piece(self, piece):
        begin = time.perf_counter()
        exec(piece, self.names)
        self.names["jax"].block_until_ready((self.names["state"], self.names.get("spikes")))
        return time.perf_counter() - begin

    def time_calls(self):
        """Return microseconds a call, blocked on at every call and only at the last, taken in turns."""
        names, block = self.names, self.names["jax"].block_until_ready
        run_model, graph, fixed = names["run_model"], self.start[0], self.input

        def model_call():
            out, names["state"] = run_model(graph, names["state"], fixed)
            return out, names["state"]

        samples = {"run_model": [], "run_model_queued": [], "empty": [], "empty_queued": []}
        for _ in range(self.call_count):
            for name, call in (("run_model", model_call), ("empty", self.empty_call)):
                samples[name].append(self.time_blocked(call, block))
                samples[f"{name}_queued"].append(self.time_queued(call, block))
        figures = {f"{name}_us": statistics.median(values) for name, values in samples.items()}
        figures["run_step_us"] = self.time_run() or figures["run_model_queued_us"]
        figures["run_model_per_empty"] = figures["run_model_us"] / figures["empty_us"]
        figures["run_model_per_empty_queued"] = figures["run_model_queued_us"] / figures["empty_queued_us"]
        return figures

    def time_blocked(self, call, block):
        begin = time.perf_counter()
        for _ in range(self.chunk):
            block(call())
        return (time.perf_counter() - begin) / self.chunk * 1e6

    def time_queued(self, call, block):
        begin = time.perf_counter()
        for _ in range(self.chunk):
            last = call()
        block(last)
        return (time.perf_counter() - begin) / self.chunk * 1e6

    def time_run(self):
        """Return microseconds a step inside `run`, or None where there is no such thing."""
        spark = self.names["spark"]
        if not hasattr(spark, "run"):
            return None
        brain, steps = spark.nn.Brain(self.names["brain_config"]), 10_000
        inputs = {"drive": self.input}
        spark.run(brain, steps, inputs, progress=False)
        times = []
        for _ in range(3):
            begin = time.perf_counter()
            spark.run(brain, steps, inputs, progress=False)
            times.append(time.perf_counter() - begin)
        return min(times) * 1e6 / steps

    def time_scan(self):
        """Return microseconds a step inside `lax.scan`, the best of three."""
        if self.scan is None:
            return {"scan_step_us": None}
        times = []
        for _ in range(3):
            begin = time.perf_counter()
            self.names["jax"].block_until_ready(self.scan(self.names["state"]))
            times.append(time.perf_counter() - begin)
        return {"scan_step_us": min(times) * 1e6 / 1000}


def cut(source):
    """Return the tutorial compiled in four pieces: preparation, training loop, between, loop with read-out."""
    body = ast.parse(source).body
    loops = [index for index, statement in enumerate(body) if isinstance(statement, ast.For)]
    first, second = loops[:2]
    pieces = body[:first], body[first : first + 1], body[first + 1 : second], body[second : second + 1]
    return [compile(ast.Module(piece, []), str(TUTORIAL), "exec") for piece in pieces]


def spread(values):
    """Return the median, least and greatest of some figures, or None where one is missing."""
    if None in values:
        return None
    return {"median": statistics.median(values), "min": min(values), "max": max(values)}


def versions():
    """Return what a reader needs to compare these figures with others."""
    import jax

    import spark

    return {
        "python": platform.python_version(),
        "jax": jax.__version__,
        "numpy": metadata.version("numpy"),
        "gymnasium": metadata.version("gymnasium"),
        "package": str(getattr(spark, "__version__", getattr(spark, "version", "unknown"))),
        "platform": platform.platform(),
        "device": jax.devices()[0].platform,
        "cpu": cpu_model(),
        "cores": os.cpu_count(),
        "load_average": os.getloadavg() if hasattr(os, "getloadavg") else None,
    }


def cpu_model():
    """Return the processor's name."""
    description = Path("/proc/cpuinfo")
    if description.exists():
        for line in description.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor()


if __name__ == "__main__":
    main()
