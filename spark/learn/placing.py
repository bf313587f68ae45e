"""Putting a brain into a world: the module that it acts on and whose observations it reads."""

from dataclasses import replace
from typing import Any

from spark.core.arguments import checked
from spark.core.errors import ArgumentError, Problem, RunError
from spark.graph.specs import ModuleSpecs, PortMap
from spark.nn import Brain
from spark.sim.run import build
from spark.worlds.world import World

_CALL, _NAME = "__call__", "world"


@checked
def in_world(brain: Brain, world: World | type[World] | None = None) -> Brain:
    """A brain that acts in a world, with what the brain that is given knows.

    A brain with a world among its modules, as `spark.learn.actor_critic` makes, is put into the other world if that
    keeps and shows as many numbers and takes as many actions: what else it knows, it knows there. A brain without one
    gets it as a module: what the brain reads as `observation`, `reward`, `terminated`, `truncated`, `started` or
    `episode_return` it then reads from the world, and its output `action` acts there.

    Args:
        brain: A brain; it stays as it is.
        world: A class of worlds; or one of them, whose settings then count: `CartPole(limit=200)`. Left out,
            the brain's own. What is not set explicitly it takes over from the brain's world, and its `every` must be
            that world's: the rest of the brain keeps time with it. A world that was read from a file or from plain
            data has all its settings set, for they all stand there.

    Returns:
        The brain itself, where it is in such a world already.

    Raises:
        RunError: No world was given and the brain has none; or it has several.
        ArgumentError: The world does not fit the brain, or moves in other steps than the brain's own.
        WiringError: Parts of a brain without a world keep another time, `every`, than the one that it gets.
    """
    worlds = [name for name, specs in brain.config.modules_map.items() if issubclass(specs.module_cls, World)]
    if world is None or worlds:
        name = the_only(brain, World)
        return brain if world is None else _moved(brain, name, world)
    return _wired(brain, world)


def the_only(brain: Brain, kind: type) -> str:
    """The name of the only module of a kind.

    Raises:
        RunError: There is none, or there are several.
    """
    names = [name for name, specs in brain.config.modules_map.items() if issubclass(specs.module_cls, kind)]
    if len(names) != 1:
        found = f"got {', '.join(names) or 'none'}; expected one"
        fix = "Assemble one with `spark.learn.actor_critic`"
        if not names and issubclass(kind, World):
            fix += ", put this one into a world (`spark.learn.in_world`), or run it in Gymnasium by `spark.envs.Loop`"
        raise RunError(Problem("brain", f"needs one {kind.__name__} among its modules, {found}", fix, "modules"))
    return names[0]


def no_number(world: str, fix: str) -> RunError:
    """The error of a world, by its name, that gave what is no number; how to mend it begins so."""
    text = "gave a reward or an observation that is no number; expected finite numbers"
    return RunError(Problem(world, text, f"{fix} the world's `after` or `observed`", "numbers"))


def _moved(brain: Brain, name: str, world: World | type[World]) -> Brain:
    """A brain whose world is replaced by another."""
    specs = brain.config.modules_map[name]
    kind: Any = type(world) if isinstance(world, World) else world
    config = _settings(specs.config, kind, world)
    if kind is specs.module_cls and config == specs.config:
        return brain
    old: Any = specs.module_cls
    sizes = [(k.actions, k.numbers, k.observations) for k in (old, kind)]
    if sizes[0] != sizes[1]:
        said = ["{} actions, {} numbers kept and {} shown".format(*numbers) for numbers in sizes]
        text = f"does not fit the brain's {old.__name__}, got {said[1]}; expected {said[0]}"
        raise ArgumentError(Problem(f"in_world.{kind.__name__}", text, "", "world"))
    own: Any = specs.config
    if config.every != own.every:
        text = f"does not fit the brain, got {config.every}; expected {own.every}, as its other modules"
        fix = "Leave it out, or make a brain of that many steps: `learn.actor_critic(..., every=...)`"
        raise ArgumentError(Problem(f"in_world.{kind.__name__}.every", text, fix, "world"))
    moved = replace(specs, module_cls=kind, config=config)
    modules = [moved if one is specs else one for one in brain.config.modules_map.values()]
    return _knowing(brain, Brain(brain.config.updated(modules_map=modules)))


def _knowing(brain: Brain, made: Brain) -> Brain:
    """The made brain, with what the other knows of the variables that both have."""
    build(brain)
    build(made)
    made.replace_state({path: brain.state[path] for path in brain.state if path in made.state})
    return made


def _settings(own: Any, kind: Any, world: World | type[World]) -> Any:
    """Settings of a world of a kind: those that were set explicitly, and else those of the brain's own world."""
    fields: Any = kind.config_class()
    known = {field: own.field_or_none(field) for field in type(own).model_fields if field in fields.model_fields}
    if isinstance(world, World):
        known |= world.config.explicit()
    return fields(**known)


def _wired(brain: Brain, world: World | type[World]) -> Brain:
    """A brain that has no world, with one."""
    kind: Any = type(world) if isinstance(world, World) else world
    config = world.config if isinstance(world, World) else kind.config_class()()
    made, shown = brain.config, kind(config).output_contract()
    problems = [
        Problem(
            f"in_world.{name}", f"is an input that no world gives, got {name!r}; expected {sorted(shown)}", "", "port"
        )
        for name in made.input_map
        if name not in shown
    ]
    if "action" not in made.output_map:
        text = f"is no output of the brain, got {sorted(made.output_map)}; expected 'action'"
        problems.append(Problem("in_world.action", text, "Name the output with which it acts", "port"))
    if _NAME in made.modules_map:
        problems.append(Problem(f"in_world.{_NAME}", "is a module that is no world", "Name it otherwise", "name"))
    if problems:
        raise ArgumentError(problems)

    def rewired(wire: PortMap) -> PortMap:
        return wire.moved(_NAME, wire.port) if wire.origin == _CALL else wire

    modules = [
        replace(specs, inputs={port: [rewired(wire) for wire in wires] for port, wires in specs.inputs.items()})
        for specs in made.modules_map.values()
    ]
    modules.append(ModuleSpecs(_NAME, kind, {"action": [made.output_map["action"]["input"]]}, config))
    return _knowing(brain, Brain(made.updated(input_map={}, modules_map=modules)))
