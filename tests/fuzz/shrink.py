"""A smaller case in which the same still goes wrong."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from fuzz.case import Case
from spark import ModuleSpecs, PortMap
from spark.nn import BrainConfig
from spark.nn.each_wire import EachWire
from spark.nn.neurons.point import PointNeuronConfig

GROUPS = {"excitation": "excitatory", "inhibition": "inhibitory"}


def shrunk(case: Case, fails: Callable[[Case], bool], tries: int = 60) -> Case:
    """The smallest case found by leaving out one thing after the other, as long as `fails` says that it still does."""
    going = True
    while going and tries > 0:
        going = False
        for smaller in _smaller(case):
            tries -= 1
            if tries < 0:
                break
            if fails(smaller):
                case, going = smaller, True
                break
    return case


def _smaller(case: Case) -> Iterator[Case]:
    """Cases with less in them, the smallest first."""
    yield from (_with(case, config) for config in _without_modules(case.config))
    if case.steps > 4:
        yield case.shorter(case.steps // 2)
        yield case.shorter(case.steps * 9 // 10)
    if case.first:
        yield replace(case, first=0)
    if len(case.config.output_map) > 1:
        for name in case.config.output_map:
            kept = {n: o for n, o in case.config.output_map.items() if n != name}
            yield _with(case, case.config.updated(output_map=kept))
    yield from (_with(case, config) for config in _without_wires(case.config))
    for number in range(len(case.probes)):
        yield replace(case, probes=case.probes[:number] + case.probes[number + 1 :])
    for number in range(len(case.cuts) if len(case.cuts) > 1 else 0):
        yield replace(case, cuts=case.cuts[:number] + case.cuts[number + 1 :])
    if case.config.check_numbers:
        yield _with(case, case.config.updated(check_numbers=False))


def _with(case: Case, config: BrainConfig) -> Case:
    """The case with another brain: probes of what is gone go too."""
    named = {*config.modules_map, *config.output_map}
    kept = [p for p in case.probes if p.path.partition(".")[0] in named]
    kept = [p for p in kept if p.trigger is None or p.trigger.partition(".")[0] in named]
    return replace(case, config=config, probes=tuple(kept))


def _without_modules(config: BrainConfig) -> Iterator[BrainConfig]:
    for name in config.modules_map:
        modules = [_unwired(s, lambda wire: wire.origin == name) for s in config.modules_map.values() if s.name != name]  # noqa: B023
        outputs = {n: entry for n, entry in config.output_map.items() if entry.input.origin != name}
        if modules and all(m is not None for m in modules):
            yield config.updated(modules_map=modules, output_map=outputs)


def _without_wires(config: BrainConfig) -> Iterator[BrainConfig]:
    for specs in config.modules_map.values():
        for port, wires in specs.inputs.items():
            for wire in wires if len(wires) > 1 else ():
                changed = _unwired(specs, lambda w: w == wire, port)  # noqa: B023
                fewer = [changed if s is specs else s for s in config.modules_map.values()]
                yield config.updated(modules_map=fewer)
                # Outputs declare the shapes that they had with that wire.
                other = {n: entry for n, entry in config.output_map.items() if entry.input.origin != specs.name}
                if len(other) < len(config.output_map):
                    yield config.updated(modules_map=fewer, output_map=other)


def _unwired(specs: ModuleSpecs, gone: Callable[[PortMap], bool], only: str = "") -> Any:
    """The module without some wires, and without the settings of those; None if a port is left without any."""
    inputs, config = {}, specs.config
    for port, wires in specs.inputs.items():
        kept = [n for n, wire in enumerate(wires) if not (gone(wire) and only in ("", port))]
        if wires and not kept:
            return None
        inputs[port] = [wires[n] for n in kept]
        group = GROUPS.get(port) if isinstance(config, PointNeuronConfig) else None
        if len(kept) == len(wires):
            continue
        if group is not None:
            config = config.updated(**{group: _settings_of(getattr(config, group), kept)})
    return ModuleSpecs(specs.name, specs.module_cls, inputs, config)


def _settings_of(group: Any, kept: list[int]) -> Any:
    """Settings of these wires."""
    each = {name: getattr(group, name) for name in ("connections", "kernel", "delay")}
    return group.updated(**{n: tuple(v[k] for k in kept) for n, v in each.items() if isinstance(v, EachWire)})
