"""Teaching by derivatives through spikes: a supervised lesson, with a surrogate at every threshold."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from spark.core.arguments import checked
from spark.core.errors import ArgumentError, LearnError, Problem
from spark.core.extras import need
from spark.core.payloads import Payload
from spark.core.transform import split
from spark.nn import Brain
from spark.sim.run import build
from spark.sim.surrogate import Surrogate
from spark.sim.unroll import Unrolled, unroll

Loss = Callable[[Unrolled, Any], Any]


@dataclass(frozen=True, eq=False)
class Taught:
    """What a supervised lesson gives.

    Attributes:
        brain: The brain with what it has learned; the one that was given stays as it was.
        losses: float32, (epochs,): mean loss of each epoch's examples, as they were met.
        stopped: Why it ended before all epochs were done, or None.
    """

    brain: Brain
    losses: np.ndarray
    stopped: str | None


@dataclass
class Epoch:
    """What callbacks are told after each epoch.

    Attributes:
        number: Of the epoch, from 1.
        loss: Mean loss of its examples.
        brain: A brain with the weights that it has now; made when it is asked for.
        stopped: Why the lesson ends here, or None; see `stop`.
    """

    number: int
    loss: float
    make_brain: Callable[[], Brain] = field(repr=False)
    stopped: str | None = None

    @property
    def brain(self) -> Brain:
        """A brain with the weights that it has now."""
        return self.make_brain()

    def stop(self, why: str = "a callback stopped it") -> None:
        """End the lesson here; what was learned stays."""
        self.stopped = why


@dataclass(frozen=True, eq=False)
class SurrogateGradients:
    """A teacher that changes weights down the gradient of a loss, through time and through spikes.

    Every example begins at the state of the brain that is taught, and lasts `steps`. What it answers is the mean over
    these steps of what is recorded at `readout`; the loss is the cross entropy of its softmax and the example's class,
    unless `loss` says otherwise.

    Attributes:
        weights: Paths of what is learned, as in `spark.unroll`: projections, parameters of each unit.
        readout: What answers: path of a variable, one number for each class, such as `last.soma.potential`; or a
            module's name: its spikes.
        steps: How many each example lasts.
        scale: What the readout is multiplied by before the softmax.
        rate: Learning rate of Adam; of no effect beside an `optimizer`.
        optimizer: An optimizer of optax; left out, Adam.
        surrogate: The derivative of a spike.
        batch: How many examples a change of weights is made from.
        loss: Of what was unrolled and one example's target: a number. Left out, as above.
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
        problems = [
            Problem(f"SurrogateGradients.{name}", f"must be above 0, got {getattr(self, name)!r}", "", "bounds")
            for name in ("steps", "batch", "rate", "scale")
            if not getattr(self, name) > 0
        ]
        if not self.weights:
            problems.append(Problem("SurrogateGradients.weights", "is empty", "Name a projection", "missing"))
        if problems:
            raise ArgumentError(problems)

    @checked
    def fit(
        self,
        brain: Brain,
        inputs: Mapping[str, Payload],
        targets: Any,
        *,
        epochs: int,
        seed: int = 0,
        callbacks: Iterable[Callable[[Epoch], None]] = (),
    ) -> Taught:
        """Teach a brain.

        Args:
            brain: A brain; it stays as it is.
            inputs: By name of input: payloads of shape (examples, ...), constant over an example's steps, or
                (examples, steps, ...).
            targets: int, (examples,): the class of each; or whatever `loss` takes, with a first axis of examples.
            epochs: How often each example is met.
            seed: Of the order in which they are met.
            callbacks: Called with an `Epoch` after each; `epoch.stop('why')` ends the lesson.

        Raises:
            MissingError: optax is not installed.
            ArgumentError: There are not as many targets as examples, or a path is not there, with the nearest.
            LearnError: The loss is no number any more; what was learned until then is in its `taught`.
        """
        need("learn", "optax")
        import optax

        build(brain)
        targets = jnp.asarray(targets)
        numbers = {name: len(payload.value) for name, payload in inputs.items()}
        if set(numbers.values()) != {len(targets)}:
            text = f"are not as many as the examples, got {len(targets)}; expected {numbers}"
            raise ArgumentError(Problem("SurrogateGradients.fit.targets", text, "", "shape"))
        optimizer = self.optimizer or optax.adam(self.rate)
        parameters = self._first(brain)
        memory = optimizer.init(parameters)
        change = jax.jit(self._change(brain, optimizer))
        generator, losses, stopped = np.random.default_rng(seed), [], None
        for number in range(1, epochs + 1):
            seen = []
            for chosen in self._batches(generator, len(targets)):
                given = {name: type(p)(p.value[chosen]) for name, p in inputs.items()}  # type: ignore[call-arg]
                before = parameters
                parameters, memory, loss = change(parameters, memory, given, targets[chosen])
                seen.append(loss)
                if not np.isfinite(loss):
                    raise _no_number(number, Taught(self._taught(brain, before), np.array(losses, np.float32), None))
            losses.append(float(np.mean(seen)))
            epoch = Epoch(number, losses[-1], lambda now=parameters: self._taught(brain, now))
            for callback in callbacks:
                callback(epoch)
            if epoch.stopped is not None:
                stopped = epoch.stopped
                break
        return Taught(self._taught(brain, parameters), np.array(losses, np.float32), stopped)

    @checked
    def answers(self, brain: Brain, inputs: Mapping[str, Payload]) -> np.ndarray:
        """What a brain answers to each example: float32, (examples, classes); the greatest is its choice."""
        build(brain)
        graph, state = split(brain)

        def answer(given: Any) -> Any:
            found = unroll(graph, state, self.steps, given, record=[self.readout])
            return self._answer(found)

        asked = jax.jit(jax.vmap(answer))
        examples = min(len(payload.value) for payload in inputs.values())
        parts = []
        for first in range(0, examples, self.batch):
            rows = np.arange(first, first + self.batch) % examples
            parts.append(asked({name: type(p)(p.value[rows]) for name, p in inputs.items()}))  # type: ignore[call-arg]
        return np.concatenate(parts)[:examples]

    def _answer(self, found: Unrolled) -> Any:
        return self.scale * found.recorded[self.readout].mean(0).reshape(-1)

    def _batches(self, generator: np.random.Generator, examples: int) -> list[np.ndarray]:
        """All examples in an order of chance, a few of them twice where the last batch is not full."""
        order = generator.permutation(examples)
        missing = -examples % self.batch
        return np.split(np.concatenate([order, np.resize(order, missing)]), (examples + missing) // self.batch)

    def _change(self, brain: Brain, optimizer: Any) -> Callable[..., Any]:
        import optax

        graph, state = split(brain)

        def loss_of(parameters: Any, given: Any, target: Any) -> Any:
            found = unroll(
                graph,
                state,
                self.steps,
                given,
                parameters=parameters,
                record=[self.readout],
                surrogate=self.surrogate,
            )
            if self.loss is not None:
                return self.loss(found, target)
            return optax.softmax_cross_entropy_with_integer_labels(self._answer(found), target)

        def change(parameters: Any, memory: Any, given: Any, targets: Any) -> Any:
            def mean(parameters: Any) -> Any:
                return jax.vmap(loss_of, (None, 0, 0))(parameters, given, targets).mean()

            loss, slope = jax.value_and_grad(mean)(parameters)
            # optax mixes whole numbers with floats, which a user may have forbidden.
            with jax.numpy_dtype_promotion("standard"):
                updates, memory = optimizer.update(slope, memory, parameters)
                return optax.apply_updates(parameters, updates), memory, loss

        return change

    def _first(self, brain: Brain) -> dict[str, Any]:
        return {path: jnp.asarray(brain.connections(path).weights) for path in self.weights}

    def _taught(self, brain: Brain, parameters: Mapping[str, Any]) -> Brain:
        return brain.with_weights({path: np.asarray(array) for path, array in parameters.items()})


def _no_number(epoch: int, taught: Taught) -> LearnError:
    error = LearnError(
        Problem(
            "SurrogateGradients.fit",
            f"the loss is no number any more in epoch {epoch}",
            "Lower `rate`, or look at the inputs",
            "numbers",
        )
    )
    error.taught = taught
    return error
