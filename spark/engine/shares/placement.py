"""Which device computes which units: evenly by unit, balanced by module, or by a plan."""

from collections.abc import Mapping, Sequence

import numpy as np

from spark.core.errors import Problem, ShardError
from spark.core.module import Module
from spark.core.names import suggestion
from spark.core.tree import constants_of, variables_of
from spark.engine.shares.cuts import cutting_of
from spark.engine.shares.share import Share

Plan = Mapping[str, int | Sequence[int]]
# For every module: the devices that compute some of its units, in the order of the units, and which. None is all.
Placement = dict[str, list[tuple[int, Share | None]]]


def why_whole(module: Module) -> str:
    """Why a module cannot be cut by unit; empty where it can."""
    cutting = cutting_of(module)
    outputs, ports, why = module.output_specs, cutting.ports(module), cutting.why_whole(module)
    if why:
        return why
    others = sorted(set(outputs) - set(ports))
    if others or not outputs:
        return f"`{others[0]}` leaves it, which is not cut" if others else "nothing leaves it"
    sizes = {spec.size for spec in outputs.values()}
    sizes |= {spec.size for port, spec in module.input_specs.items() if port in ports}
    return "" if len(sizes) == 1 else "its ports have not all one element for each unit"


def units_of(module: Module) -> int | None:
    """Number of units of a module that can be cut by unit, or None."""
    return None if why_whole(module) else max(spec.size for spec in module.output_specs.values())


def whole_because(modules: Mapping[str, Module], placed: Placement, by: str | Plan) -> dict[str, str]:
    """Of every module that lies whole on one device, why."""
    found = {}
    for name in (name for name, shares in placed.items() if shares[0][1] is None):
        why = why_whole(modules[name])
        asked = "`by` places it so" if by == "module" or name in by else "there are more devices than units"
        found[name] = why or asked
    return found


def place(modules: Mapping[str, Module], devices: int, by: str | Plan) -> Placement:
    """Give every module, or every share of its units, a device.

    Args:
        modules: The built modules by name.
        devices: Number of devices.
        by: 'unit': pools are cut evenly, what cannot be cut goes to the least loaded device. 'module': every module
            whole on one device, balanced by the number of synapses and units. Or a plan: for some modules the number
            of a device, or how many units each device takes; the rest goes to the least loaded device.

    Raises:
        ShardError: Everything that is wrong with the plan; more devices than units.
    """
    cuttable = {name: units for name, module in modules.items() if (units := units_of(module)) is not None}
    if isinstance(by, str):
        if by not in ("unit", "module"):
            raise _problem("by", f"is unknown, got {by!r}", suggestion(by, ["unit", "module"], "way"), "unknown")
        plan = _evenly(cuttable, devices) if by == "unit" else {}
    else:
        _check_plan(by, modules, cuttable, devices)
        plan = dict(by)
    placed: Placement = {}
    load = np.zeros(devices)
    # Connections of static synapses are constants, so those count as well.
    cost = {
        name: sum(int(np.prod(v.shape)) for found in (variables_of(m), constants_of(m)) for v in found.values())
        for name, m in modules.items()
    }
    for name, given in plan.items():
        placed[name] = [(int(given), None)] if isinstance(given, int | np.integer) else _shares(given)
        for device, share in placed[name]:
            load[device] += cost[name] * (1.0 if share is None else share.count / share.total)
    # The heaviest first: the rest fills the gaps.
    for name in sorted(set(modules) - set(placed), key=lambda n: (-cost[n], n)):
        device = int(np.argmin(load))
        placed[name] = [(device, None)]
        load[device] += cost[name]
    return {name: placed[name] for name in sorted(placed)}


def _evenly(cuttable: Mapping[str, int], devices: int) -> dict[str, list[int]]:
    """Units a device for every pool that has enough of them; the first devices take one more."""
    if devices > 1 and max(cuttable.values(), default=0) < devices:
        most = max(cuttable.values(), default=0)
        if most == 0:
            raise _problem("by", "'unit' cuts nothing: no module of this brain can be cut", "Give by='module'", "cut")
        raise _problem(
            "devices",
            f"are more than the units of every pool, got {devices} devices; expected at most {most}",
            "Give fewer devices, or a larger pool",
            "devices",
        )
    return {
        name: [units // devices + (d < units % devices) for d in range(devices)]
        for name, units in cuttable.items()
        if units >= devices
    }


def _shares(counts: Sequence[int]) -> list[tuple[int, Share | None]]:
    ends = np.cumsum([0, *counts])
    if sum(count > 0 for count in counts) == 1:
        return [(int(np.argmax(counts)), None)]
    return [(d, Share(int(ends[d]), int(ends[d + 1]), int(ends[-1]))) for d in range(len(counts)) if counts[d]]


def _check_plan(plan: Plan, modules: Mapping[str, Module], cuttable: Mapping[str, int], devices: int) -> None:
    problems = []
    for name, given in plan.items():
        address = f"by.{name}"
        if name not in modules:
            problems.append(
                Problem(address, "is not a module of this brain", suggestion(name, modules, "module"), "unknown")
            )
        elif isinstance(given, int | np.integer) and not isinstance(given, bool):
            if not 0 <= given < devices:
                text = f"is not the number of a device, got {given}; expected 0 to {devices - 1}"
                problems.append(Problem(address, text, "Count devices from 0", "device"))
        elif isinstance(given, str) or not isinstance(given, Sequence) or not all(_is_count(n) for n in given):
            text = f"says no device, got {given!r}; expected a device's number or the units of each device"
            problems.append(Problem(address, text, f"Write `{name}=0`, or one count for every device", "type"))
        elif name not in cuttable:
            text = f"cannot be cut by unit, got {list(given)}; expected the number of one device"
            problems.append(Problem(address, text, f"Place it whole: {why_whole(modules[name])}", "cut"))
        elif len(given) != devices or sum(given) != cuttable[name]:
            text = (
                f"does not add up, got {len(given)} counts and {sum(given)} units; "
                f"expected {devices} counts and {cuttable[name]} units"
            )
            problems.append(Problem(address, text, "Give every device its number of units, 0 for none", "sum"))
    if problems:
        raise ShardError(problems)


def _is_count(value: object) -> bool:
    return isinstance(value, int | np.integer) and not isinstance(value, bool) and bool(value >= 0)


def _problem(address: str, message: str, fix: str, kind: str) -> ShardError:
    return ShardError(Problem(address, message, fix, kind))
