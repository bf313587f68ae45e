"""Workloads in brainevent: its event-driven products and its plasticity on dense weights, the units in plain JAX.

brainevent is a library of operations for JAX; what is around them is written as its documentation does, inside one
jitted `lax.scan`. Connections are compressed rows with one weight for all, its fastest here. Setting: its own choice of
backend, which is Numba on a processor.
"""

import time
from importlib import metadata

import protocol
import workloads

TIMING = "one jitted lax.scan over all steps, result awaited"
be = jax = jnp = np = None


def import_system():
    global be, jax, jnp, np
    import brainevent as be
    import jax
    import jax.numpy as jnp
    import numpy as np


def versions():
    return {name: metadata.version(name) for name in ("brainevent", "jax", "numba")}


def cuba(w, request):
    fall = np.exp(-w.dt / np.array([w.tau_excitation, w.tau_inhibition]))
    weights = (w.weight_excitation, w.weight_inhibition)

    def integrate(v, excitation, inhibition):
        return v + w.dt / w.tau * (w.rest - v + excitation + inhibition)

    return recurrent(w, request, weights, fall, integrate)


def coba(w, request):
    fall = np.exp(-w.dt / np.array([w.tau_excitation, w.tau_inhibition]))
    weights = (w.weight_excitation, w.weight_inhibition)

    def integrate(v, excitation, inhibition):
        # As all exponential integrators do it: the conductances stand still for a step.
        total = 1.0 + excitation + inhibition
        driven = w.rest + excitation * w.reversal_excitation + inhibition * w.reversal_inhibition + w.drive
        level = driven / total
        return level + (v - level) * jnp.exp(-w.dt / w.tau * total)

    return recurrent(w, request, weights, fall, integrate)


def recurrent(w, request, weights, fall, integrate):
    """Two pools that send to everyone through two synaptic variables."""
    generator = np.random.default_rng(request.get("seed", 1))
    excitatory, refractory = w.excitatory, round(w.refractory / w.dt)
    drawn = (
        connections(generator, size, w.units, w.probability, weight)
        for size, weight in zip((excitatory, w.units - excitatory), weights, strict=True)
    )
    (to_excitation, count), (to_inhibition, other) = drawn
    potential = jnp.asarray(generator.uniform(w.reset, w.threshold, w.units), jnp.float32)
    zeros = jnp.zeros(w.units, jnp.float32)
    first = (potential, zeros, zeros, jnp.zeros(w.units, jnp.int32), jnp.zeros(w.units, bool))

    def step(state, _):
        v, excitation, inhibition, waiting, fired = state
        excitation = excitation * fall[0] + be.BinaryArray(fired[:excitatory]) @ to_excitation
        inhibition = inhibition * fall[1] + be.BinaryArray(fired[excitatory:]) @ to_inhibition
        moved = jnp.where(waiting > 0, v, integrate(v, excitation, inhibition))
        fired = moved > w.threshold
        waiting = jnp.where(fired, refractory, jnp.maximum(waiting - 1, 0))
        return (jnp.where(fired, w.reset, moved), excitation, inhibition, waiting, fired), fired.sum()

    return scanned(w, step, first, count + other)


def connections(generator, pre, post, probability, weight):
    """Compressed rows of so many units, each pair with the same probability, and how many connections there are."""
    counts = generator.binomial(post, probability, pre)
    rows = [np.sort(generator.choice(post, n, replace=False)) for n in counts]
    starts = np.concatenate([[0], np.cumsum(counts)]).astype(np.int32)
    weights = jnp.full((1,), weight, jnp.float32)
    indices = jnp.asarray(np.concatenate(rows), jnp.int32)
    return be.CSR((weights, indices, jnp.asarray(starts)), shape=(pre, post)), int(counts.sum())


def plastic(w, request):
    key = jax.random.key(request.get("seed", 1))
    fall, fall_pre, fall_post = (np.exp(-w.dt / tau) for tau in (w.tau, w.tau_pre, w.tau_post))
    refractory = round(w.refractory / w.dt)
    weights = jax.random.uniform(key, (w.sources, w.units)) * w.first_greatest
    zeros = jnp.zeros(w.units, jnp.float32)
    first = (weights, zeros, jnp.zeros(w.units, jnp.int32), jnp.zeros(w.sources, jnp.float32), zeros)

    def step(state, number):
        weights, v, waiting, x, y = state
        sent = jax.random.uniform(jax.random.fold_in(key, number), (w.sources,)) < w.source_rate * w.dt / 1000
        arriving = be.BinaryArray(sent) @ weights
        # What arrives decays for a step before it is seen, as in the other systems.
        moved = jnp.where(waiting > 0, v, (v + arriving) * fall)
        fired = moved > w.threshold
        x, y = x * fall_pre, y * fall_post
        weights = be.update_dense_on_binary_pre(weights, sent, -w.depression * y, 0.0, w.greatest)
        weights = be.update_dense_on_binary_post(weights, w.potentiation * x, fired, 0.0, w.greatest)
        waiting = jnp.where(fired, refractory, jnp.maximum(waiting - 1, 0))
        return (weights, jnp.where(fired, w.reset, moved), waiting, x + sent, y + fired), fired.sum()

    return scanned(w, step, first, None)


def scanned(w, step, first, synapses):
    @jax.jit
    def whole(state):
        return jax.lax.scan(step, state, jnp.arange(workloads.steps(w)))

    begin = time.perf_counter()
    jax.block_until_ready(whole(first))
    not_building_s = time.perf_counter() - begin

    def run():
        begin = time.perf_counter()
        _, fired = jax.block_until_ready(whole(first))
        seconds = time.perf_counter() - begin
        return seconds, {"all": float(fired.sum()) / w.units / w.seconds}

    return protocol.Ready(run, synapses, versions(), "numba", TIMING, not_building_s)


BUILDERS = {"cuba": cuba, "coba": coba, "plastic": plastic}

if __name__ == "__main__":
    protocol.main(BUILDERS, import_system)
