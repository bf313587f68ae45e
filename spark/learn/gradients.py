"""Teaching by derivatives through spikes: a supervised lesson, with a surrogate at every threshold."""

import copy
import functools
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from spark.core.arguments import check_fields, checked
from spark.core.errors import ArgumentError, LearnError, Problem
from spark.core.extras import need
from spark.core.pausing import require_no_pauses
from spark.core.payloads import Payload
from spark.core.transform import split
from spark.learn.keeping import BRAIN, EPISODES, EXAMPLES, SEED, Curve, Kept, digest
from spark.learn.lesson import Callback, Lesson, check_seed, conduct
from spark.learn.parameters import Parameters
from spark.nn import Brain
from spark.sim.run import build
from spark.sim.surrogate import Surrogate
from spark.sim.unroll import Unrolled, unroll

Loss = Callable[[Unrolled, Any], Any]


@dataclass(frozen=True, eq=False)
class Examples:
    """The world of a supervised lesson: what is shown, and what should be answered.

    Attributes:
        inputs: By name of input: payloads of shape (examples, ...), constant over an example's steps, or
            (examples, steps, ...).
        targets: int, (examples,): the class of each, from 0 on; or whatever the teacher's `loss` takes, with a first
            axis of examples.

    Raises:
        ArgumentError: Inputs and targets are not equally many, or there are none.
    """

    inputs: Mapping[str, Payload]
    targets: Any

    def __post_init__(self) -> None:
        numbers = {name: len(payload.value) for name, payload in self.inputs.items()}
        if set(numbers.values()) != {len(self.targets)}:
            text = f"are not as many as the examples, got {len(self.targets)}; expected {numbers}"
            raise ArgumentError(Problem("Examples.targets", text, "", "shape"))
        if not len(self.targets):
            raise ArgumentError(Problem("Examples.targets", "are none; expected at least one example", "", "shape"))


@dataclass(frozen=True, eq=False)
class SurrogateGradients:
    """A teacher that changes weights down the gradient of a loss, through time and through spikes.

    Every example begins at the state of the brain that is taught, and lasts `steps`. What it answers is the mean over
    these steps of what is recorded at `readout`; the loss is the cross entropy of its softmax and the example's class,
    unless `loss` says otherwise.

    After each change weights are brought back to the nearest that they may be (projected gradients): within the bounds
    of their rule or variable, and of the sign that their receptor takes.

    Attributes:
        weights: Paths of what is learned, as in `spark.unroll`: projections, parameters of each unit.
        readout: What answers: path of a variable, one number for each class, such as `last.soma.potential`; or a
            module's name: its spikes.
        steps: How many each example lasts.
        scale: The factor of the readout before the softmax.
        rate: Learning rate of Adam, in the unit of the weights; of no effect beside an `optimizer`.
        optimizer: An optimizer of optax; left out, Adam.
        surrogate: The derivative of a spike.
        batch: How many examples a change of weights is made from.
        loss: Of what was unrolled and one example's target: a number. Left out, as above.

    Raises:
        ArgumentError: A number is not above 0, or no weights are named.
    """

    weights: tuple[str, ...]
    readout: str
    steps: int
    scale: float = 1.0
    rate: float = 1e-3
    optimizer: Any = None
    surrogate: Surrogate = Surrogate()
    batch: int = 64
    loss: Loss | None = None

    def __post_init__(self) -> None:
        check_fields(self, ArgumentError)
        problems = [
            Problem(f"SurrogateGradients.{name}", f"must be above 0, got {value!r}", "", "bounds")
            for name, value in vars(self).items()
            if name in ("steps", "batch", "rate", "scale") and not value > 0
        ]
        if not self.weights:
            problems.append(Problem("SurrogateGradients.weights", "is empty", "Name a projection", "missing"))
        if problems:
            raise ArgumentError(problems)

    @checked
    def fit(
        self,
        brain: Brain,
        world: Examples,
        *,
        episodes: int,
        seed: int = 0,
        callbacks: Iterable[Callback] = (),
        to: str | Path | None = None,
        resume: bool = False,
    ) -> Lesson:
        """Teach a brain.

        Args:
            brain: A brain; it stays as it is.
            world: The examples.
            episodes: How often each example is met. The curve has the mean `loss` of each of these rounds.
            seed: Of the order in which they are met.
            callbacks: Called with a `Progress` after each episode.
            to: See `Teacher.fit`.
            resume: See `Teacher.fit`.

        Raises:
            MissingError: optax is not installed.
            ArgumentError: A path is not there, with the nearest; the seed is below 0; or, without a `loss`, targets are
                no whole numbers from 0 on, one for each example, below the number of what the readout says.
            ModuleError: The brain pauses between steps, as for a `rewiring`.
            LearnError: The loss or a weight is no number any more; what was learned in the episodes before is in its
                `lesson`.
            FormatError: What was kept is of another brain, seed, other weights or examples, or cannot be read.
        """
        need("learn", "optax")
        check_seed(seed)
        return conduct(_Descent(self, brain, world, seed), episodes, callbacks, to, resume)

    @checked
    def answers(self, brain: Brain, inputs: Mapping[str, Payload]) -> np.ndarray:
        """What a brain answers to each example.

        Args:
            brain: The brain, which stays as it is.
            inputs: Payloads by name, as in `Examples`.

        Returns:
            float32, (examples, classes); the greatest is its choice.

        Raises:
            ModuleError: The brain pauses between steps, as for a `rewiring`.
        """
        build(brain)
        require_no_pauses(brain, "`SurrogateGradients`", "Leave that out")
        graph, state = split(brain)

        def answer(given: Any) -> Any:
            found = unroll(graph, state, self.steps, given, record=[self.readout])
            return self.answer(found)

        asked = jax.jit(jax.vmap(answer))
        examples = min(len(payload.value) for payload in inputs.values())
        parts = []
        for first in range(0, examples, self.batch):
            rows = np.arange(first, first + self.batch) % examples
            parts.append(asked({name: type(p)(p.value[rows]) for name, p in inputs.items()}))
        return np.concatenate(parts)[:examples]

    def answer(self, found: Unrolled) -> Any:
        """What a brain answered that was unrolled, from what was `found`: a number for each class, (classes,)."""
        return self.scale * found.recorded[self.readout].mean(0).reshape(-1)


class _Descent:
    """One lesson: batches of examples in an order of chance, over and over."""

    columns: tuple[str, ...] = ("loss",)
    solved_return: float | None = None

    def __init__(self, teacher: SurrogateGradients, brain: Brain, world: Examples, seed: int) -> None:
        import optax

        self.teacher, self.world = teacher, world
        self.held = Parameters(brain, teacher.weights)
        require_no_pauses(brain, "`SurrogateGradients`", "Leave that out")
        self.optimizer = teacher.optimizer or optax.adam(teacher.rate)
        self.parameters, self.targets = self.held.first, jnp.asarray(world.targets)
        if teacher.loss is None:
            _require_classes(world.targets, self._answers())
        self.adapted = self.optimizer.init(self.parameters)
        self.change = jax.jit(self._change())
        self.seed, self.generator, self.losses = seed, np.random.default_rng(seed), np.zeros(0, np.float32)

    def _answers(self) -> int:
        """How many classes the brain tells apart."""
        graph, state = split(self.held.brain)
        teacher, given = self.teacher, {name: type(p)(p.value[0]) for name, p in self.world.inputs.items()}
        found = jax.eval_shape(lambda now: unroll(graph, state, 1, now, record=[teacher.readout]), given)
        return jax.eval_shape(teacher.answer, found).size

    def brain(self) -> Brain:
        """A brain with the weights that were learned so far."""
        return self.held.placed(self.parameters)

    def memory(self) -> dict[str, np.ndarray]:
        """Parameters, what the optimizer knows of them, and which lesson it is."""
        leaves = jax.tree.leaves((self.parameters, self.adapted))
        return {
            EPISODES: np.array(self.losses.size, np.int64),
            SEED: np.array(self.seed, np.int64),
            BRAIN: self.held.digest,
            EXAMPLES: self.examples,
            **{str(n): np.asarray(leaf) for n, leaf in enumerate(leaves)},
        }

    @functools.cached_property
    def examples(self) -> np.ndarray:
        """Digest of what is shown and what should be answered."""
        shown = {name: np.asarray(self.world.inputs[name].value) for name in sorted(self.world.inputs)}
        arrays = {**shown, "": np.asarray(self.targets)}
        return digest(*(part for n, a in arrays.items() for part in (f"{n} {a.dtype} {a.shape}".encode(), a.tobytes())))

    def recall(self, kept: Kept) -> int:
        """Take them over, and draw the orders of the episodes before once more."""
        found = kept.read_memory(self.memory())
        structure = jax.tree.structure((self.parameters, self.adapted))
        leaves = [jnp.asarray(found[str(n)]) for n in range(structure.num_leaves)]
        self.parameters, self.adapted = jax.tree.unflatten(structure, leaves)
        episodes = int(found[EPISODES])
        for _ in range(episodes):
            self._batches(self.generator)
        self.losses = kept.read_curve(episodes, self.columns)["loss"]
        return episodes

    def go_on(self, most: int) -> tuple[Curve, str | None]:
        """Every example once."""
        seen, generator = [], copy.deepcopy(self.generator)
        parameters, adapted = self.parameters, self.adapted
        for chosen in self._batches(generator):
            given = {name: type(p)(p.value[chosen]) for name, p in self.world.inputs.items()}
            parameters, adapted, loss, finite = self.change(parameters, adapted, given, self.targets[chosen])
            seen.append(loss)
            if not np.isfinite(loss):
                raise self._no_number("the loss")
            if not finite:
                raise self._no_number("a weight")
        mean = np.float32(np.mean(seen))
        losses = np.append(self.losses, mean)
        # What interrupts an episode leaves the one before it.
        self.parameters, self.adapted, self.generator, self.losses = parameters, adapted, generator, losses
        return {"loss": np.full(1, mean)}, None

    def leave(self) -> None:
        """Nothing is to be put back."""

    def _batches(self, generator: np.random.Generator) -> list[np.ndarray]:
        """All examples in an order of chance, a few of them twice where the last batch is not full."""
        examples, batch = len(self.targets), self.teacher.batch
        order = generator.permutation(examples)
        missing = -examples % batch
        return np.split(np.concatenate([order, np.resize(order, missing)]), (examples + missing) // batch)

    def _change(self) -> Callable[..., Any]:
        import optax

        teacher, optimizer = self.teacher, self.optimizer
        graph, state = split(self.held.brain)

        def loss_of(parameters: Any, given: Any, target: Any) -> Any:
            found = unroll(
                graph,
                state,
                teacher.steps,
                given,
                parameters=parameters,
                record=[teacher.readout],
                surrogate=teacher.surrogate,
            )
            if teacher.loss is not None:
                return teacher.loss(found, target)
            return optax.softmax_cross_entropy_with_integer_labels(teacher.answer(found), target)

        def change(parameters: Any, memory: Any, given: Any, targets: Any) -> Any:
            def mean(parameters: Any) -> Any:
                return jax.vmap(loss_of, (None, 0, 0))(parameters, given, targets).mean()

            loss, slope = jax.value_and_grad(mean)(parameters)
            # optax mixes whole numbers with floats, which a user may have forbidden.
            with jax.numpy_dtype_promotion("standard"):
                updates, memory = optimizer.update(slope, memory, parameters)
                changed: Any = optax.apply_updates(parameters, updates)
            finite = jnp.stack([jnp.isfinite(leaf).all() for leaf in jax.tree.leaves(changed)]).all()
            return self.held.within(changed), memory, loss, finite

        return change

    def _no_number(self, what: str) -> LearnError:
        text = f"{what} is no number any more in episode {self.losses.size + 1}"
        error = LearnError(Problem("SurrogateGradients.fit", text, "Lower `rate`, or look at the inputs", "numbers"))
        error.lesson = Lesson(self.brain(), {"loss": self.losses}, None, text, 0.0)
        return error


def _require_classes(targets: object, classes: int) -> None:
    """See that targets are the numbers of classes.

    Raises:
        ArgumentError: One is not.
    """
    found, fix = np.asarray(targets), ""
    expected = f"whole numbers from 0 to {classes - 1}, one for each example"
    text = f"are no classes, got {found.dtype} of shape {found.shape}; expected {expected}"
    if found.ndim == 1 and found.dtype.kind in "iu":
        wrong = found[(found < 0) | (found >= classes)]
        if not wrong.size:
            return
        text = f"are no classes of a readout that says {classes} numbers, got {wrong[0]}; expected 0 to {classes - 1}"
        fix = "Number the classes from 0 on, or let the readout have as many units"
    elif found.ndim == 1 and found.dtype.kind in "fb":
        fix = "Write `targets.astype(int)`, or give a `loss` that takes them"
    raise ArgumentError(Problem("Examples.targets", text, fix or "Give a `loss` that takes them", "bounds"))
