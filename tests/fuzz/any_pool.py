"""The recipe of a pool of any soma, with any receptors, on it or on dendrites; some of each are written as text."""

from dataclasses import dataclass, field, replace
from typing import Any

from fuzz.origins import Draw
from fuzz.recipes import Pool, Wires, projection
from spark import CurrentArray, PotentialArray, Projection, SpikeArray
from spark.nn import connections, dendrites, initializers, pools, receptors, somas, synapses
from spark.nn.somas.single_precision import SinglePrecisionSomaConfig

# In the fine steps of the ions' gates.
FINE = 0.1
# In longer steps what grows with the square of the potential jumps by a hundred mV and more beside dendrites, or with
# NMDA, which opens as the potential rises, or runs away, and every rounding error with it.
QUADRATIC = (somas.QuadraticSomaConfig, somas.IzhikevichSomaConfig, somas.IzhikevichCorticalSomaConfig)
# In half precision a decay over more steps than so many is lost in rounding.
SLOWEST = 1_000


@dataclass(frozen=True)
class Kind:
    """A soma or a receptor that a pool may have.

    Attributes:
        config: The class of its config.
        drive: Of a soma, the field of its constant drive and a value at which most units fire; of a receptor, the
            weight of a spike from a unit that fires some ten times a second.
        given: Further settings.
        sharp: Whether a potential grows many times over in a step of its upswing, and what rounding left apart with it.
        fine: Whether it needs fine steps.
        slowest: Its longest time constant, ms, if half precision can follow that in steps of some lengths alone.
    """

    config: Any
    drive: Any = None
    given: dict[str, Any] = field(default_factory=dict)
    sharp: bool = False
    fine: bool = False
    slowest: float = 0.0

    @property
    def takes(self) -> set[str]:
        """What a soma takes of `current`, `conductance`, `jump`, and whether it has a `potential`."""
        made = self.config.component
        ports = made.ports()
        found = {*ports.inputs, *ports.optional, *made.exposed_by(self.config(**self.given))}
        # Of a text without a potential nothing jumps, nor is drawn to one.
        return found if made.exposes.keys() <= found else found - {"jump", "conductance"}

    @property
    def brings(self) -> set[str]:
        """What a receptor needs of what it lies on."""
        ports = self.config.component.ports()
        return {*ports.outputs, *(set(ports.inputs) & {"potential"})}


WRITTEN_SOMA: dict[str, Any] = {
    "equations": "dv/dt = (v_rest - v + R*(I + drive - w))/tau : mV (unless refractory)\ndw/dt = -w/tau_w : pA",
    "threshold": "v > theta",
    "reset": "v = v_reset; w += b",
    "refractory": 2.0,
    "first": {"v": "v_rest"},
    "parameters": {
        "v_rest": "-60 mV", "v_reset": "-62 mV", "theta": "-50 mV", "R": "100 MOhm", "tau": "15 ms", "tau_w": "80 ms",
        "drive": "130 pA", "b": "10 pA",
    },
}  # fmt: skip
# Somas as text: their thresholds read variables alone, the step, a number that is drawn in each step, or both of these;
# the last has no variable.
WRITTEN_SOMAS: tuple[dict[str, Any], ...] = (
    WRITTEN_SOMA,
    {
        **WRITTEN_SOMA,
        "equations": WRITTEN_SOMA["equations"] + "\nrho = rate*exp((v - theta)/width) : Hz",
        "threshold": "rand() < 1 - exp(-rho*dt)",
        "parameters": {**WRITTEN_SOMA["parameters"], "drive": "100 pA", "rate": "80 Hz", "width": "2 mV"},
    },
    {
        **WRITTEN_SOMA,
        "threshold": "v + slope*dt > theta",
        "parameters": {**WRITTEN_SOMA["parameters"], "slope": "2 mV/ms"},
    },
    {
        **WRITTEN_SOMA,
        "threshold": "v > theta and rand() < share or v > theta + 5*mV",
        "parameters": {**WRITTEN_SOMA["parameters"], "share": 0.3},
    },
    {
        "equations": "rho = clip(rate + gain*I, 0*Hz, ceiling) : Hz",
        "threshold": "rand() < rho*dt*exprel(-rho*dt)",
        "refractory": 1.0,
        "reset": "",
        "parameters": {"rate": "40 Hz", "gain": "0.2 Hz/pA", "ceiling": "300 Hz"},
        "potential": "",
    },
)
WRITTEN_RECEPTOR: dict[str, Any] = {
    "equations": "dg/dt = (x - g)/rise : {unit}\ndx/dt = -x/tau : {unit}",
    "on_spike": "x += w",
    "parameters": {"rise": "2 ms", "tau": "6 ms"},
}
# Somas as text come three times, since there are several; a number without a divisor is one that no other turn has.
SOMAS: tuple[Kind, ...] = (
    Kind(somas.IntegrateAndFireSomaConfig, ("background", 100.0)),
    Kind(somas.EquationSomaConfig),
    Kind(somas.IntegrateAndFireSomaConfig, ("background", 100.0), {"scheme": "precise"}),
    Kind(somas.AdaptiveLeakySomaConfig),
    Kind(somas.IzhikevichCorticalSomaConfig, ("background", 120.0), sharp=True),
    Kind(somas.LeakySomaConfig),
    Kind(somas.QuadraticSomaConfig, ("background", 60.0), sharp=True),
    Kind(somas.TwoCompartmentSomaConfig, ("background", 250.0)),
    Kind(somas.GeneralizedLeakySomaConfig, ("background", 300.0), slowest=333.3),
    Kind(somas.EquationSomaConfig),
    Kind(somas.AdaptiveExponentialSomaConfig, ("background", 700.0), sharp=True),
    Kind(somas.EscapeRateSomaConfig, ("background", 90.0)),
    Kind(somas.TraubMilesSomaConfig, ("background", 300.0), sharp=True, fine=True),
    Kind(somas.ResonateSomaConfig, ("background", 300.0)),
    Kind(somas.IzhikevichSomaConfig, ("background", 8.0), sharp=True),
    Kind(somas.EquationSomaConfig),
    Kind(somas.PoissonSomaConfig, ("rate", 40.0)),
    Kind(somas.ExponentialSomaConfig, ("background", 100.0), sharp=True),
    Kind(somas.HodgkinHuxleySomaConfig, ("background", 1_000.0), sharp=True, fine=True),
)
RECEPTORS: dict[str, Kind] = {
    "exponential": Kind(receptors.ExponentialCurrentConfig, 60.0),
    "alpha": Kind(receptors.AlphaCurrentConfig, 90.0),
    "pulse": Kind(receptors.PulseCurrentConfig, 200.0),
    "difference": Kind(receptors.DoubleExponentialCurrentConfig, 60.0),
    "written": Kind(
        receptors.EquationCurrentConfig, 60.0, {**WRITTEN_RECEPTOR, "output": "g * (1 + abs(g) / (300*pA + abs(g)))"}
    ),
    "conductance": Kind(receptors.ExponentialConductanceConfig, 2.0),
    "slow": Kind(receptors.AlphaConductanceConfig, 1.0),
    "slower": Kind(receptors.DoubleExponentialConductanceConfig, 1.0),
    "text": Kind(receptors.EquationConductanceConfig, 1.0, WRITTEN_RECEPTOR),
    "nmda": Kind(receptors.NMDAConfig, 1.0),
    "gabab": Kind(receptors.GABABConfig, 1.0),
    "jump": Kind(receptors.JumpConfig, 2.0),
}
CONDUCTANCES = ("conductance", "slow", "slower", "text", "nmda", "gabab")
DENDRITES: tuple[Any, ...] = (
    dendrites.LeakyDendriteConfig,
    dendrites.PlateauDendriteConfig,
    dendrites.BackpropagatingDendriteConfig,
)


class AnyPool(Pool):
    """A pool of any soma, any receptors and dendrites, whose wires are projections of all kinds."""

    module = pools.Pool

    def prepare(self) -> None:
        super().prepare()
        draw = self.draw
        self.soma = draw.turn("soma", SOMAS)
        if self.soma.config is somas.EquationSomaConfig:
            self.soma = replace(self.soma, given=draw.turn("written soma", WRITTEN_SOMAS))
        if self.soma.fine:
            draw.dt = min(draw.dt, FINE)
        single = issubclass(self.soma.config, SinglePrecisionSomaConfig)
        lost = self.soma.slowest > SLOWEST * draw.dt
        self.state = "float32" if single or lost else draw.state_dtype()
        self.dendrites = self._dendrites()
        fitting = [name for name, kind in RECEPTORS.items() if self.dendrites or kind.brings <= self._taken()]
        first = draw.turn("receptor", fitting)
        chosen = {first, *(draw.choice(fitting) for _ in range(draw.whole(0, 2)))}
        self.chosen = sorted(chosen)
        self.onto = {name: found for name in self.chosen if (found := self._place(RECEPTORS[name])) is not None}
        grows = self.dendrites or "nmda" in self.chosen
        if grows and issubclass(self.soma.config, QUADRATIC):
            draw.dt = min(draw.dt, FINE)
            self.state = "float32"
        self.ports = dict.fromkeys(self.chosen, SpikeArray)
        self.wires = dict.fromkeys(self.ports, (1, 3))
        bounded = not self.soma.sharp and "potential" in self.soma.takes
        self.coupled = bounded and draw.turn("coupled", (False, True))
        if self.coupled:
            self.ports["gap"] = PotentialArray
        self.stimulated = False
        # Of every second pool some parameters are drawn, one number for each unit.
        self.spread = draw.turn("spread", (False, True), every=2)

    def _taken(self) -> set[str]:
        """What receptors on the soma may bring: where there is a potential, conductances become currents."""
        takes = self.soma.takes
        return takes | ({"conductance"} if "potential" in takes else set())

    def _dendrites(self) -> dict[str, Any]:
        """None in half of all pools; else one or two."""
        draw = self.draw
        if draw.turn("dendrites", (False, True)):
            return {}
        first = draw.turn("dendrite", DENDRITES)
        fitting = [d for d in DENDRITES if d.component.ports().inputs.keys() <= {*self.soma.takes, "spikes"}]
        kinds = [first if first in fitting else fitting[0], *[draw.choice(fitting)] * draw.chance(0.3)]
        return {f"dendrite_{number}": kind() for number, kind in enumerate(kinds)}

    def _place(self, kind: Kind) -> str | None:
        """The dendrite on which a receptor lies; None for the soma."""
        fits = kind.brings <= self._taken()
        if not self.dendrites or fits and self.draw.chance(0.4):
            return None
        return self.draw.choice(sorted(self.dendrites))

    def stimulate(self) -> None:
        """Let a source's current in."""
        self.stimulated = True
        self.ports["stimulus"] = CurrentArray

    def outputs(self, inputs):
        found = super().outputs(inputs)
        return [*found, self.origin("potential", PotentialArray, self.units, self.state)] if self.coupled else found

    def wired(self, port, wires):
        if port == "stimulus":
            return super().wired(port, wires)
        if port == "gap":
            pattern = connections.FixedProbability(probability=0.3)
            return [Projection(o.wire.origin, o.wire.port, pattern=pattern, weights=0.1) for o in wires]
        mean = RECEPTORS[port].drive
        known = "potential" in self.soma.takes
        opens = port in CONDUCTANCES
        return [projection(self.draw, o, f"p{n}_{port}", self.units, mean, known, opens) for n, o in enumerate(wires)]

    def config(self, inputs: dict[str, Wires]) -> Any:
        draw = self.draw
        made = {port: self._spread_out(made_of(RECEPTORS[port]), "tau") for port in self.chosen}
        fields = self.common(units=self.units, inhibitory_rate=self.inhibitory, receptors=made, dtype=self.state)
        if self.coupled:
            fields["exposes"] = ("potential",)
            made["gap"] = receptors.GapJunctionConfig()
        if self.stimulated:
            made["stimulus"] = receptors.CurrentConfig()
        if draw.chance(0.3):
            port = draw.choice(self.chosen)
            weight = RECEPTORS[port].drive
            fields["background"] = {port: synapses.PoissonBackgroundConfig(rate=1_000.0, weight=weight)}
        if self.dendrites:
            spread = {n: self._spread_out(d, "potential_tau", "into_soma") for n, d in self.dendrites.items()}
            fields |= {"dendrites": spread, "onto": self.onto}
        return pools.PoolConfig(**fields, soma=self._soma(draw))

    def _soma(self, draw: Draw) -> Any:
        given = dict(self.soma.given)
        if self.soma.drive is not None:
            name, value = self.soma.drive
            given[name] = draw.quantity(value, self.units)
        own = () if self.soma.drive is None else (self.soma.drive[0],)
        return self._spread_out(self.soma.config(**given), *own, "cooldown", "refractory")

    def _spread_out(self, config: Any, *names: str) -> Any:
        """The config with draws in the places of some numbers and, in a text, of its time constant or rate."""
        if not self.spread:
            return config
        numbers = config.quantities()
        drawn: dict[str, Any] = {
            n: around(numbers[n]) for n in names if isinstance(numbers.get(n), float) and numbers[n]
        }
        given = config.field_or_none("parameters")
        if given is not None:
            name = "tau" if "tau" in given else "rate"
            value, _, unit = given[name].partition(" ")
            drawn["parameters"] = {**given, name: (around(float(value)), unit)}
        return config.updated(**drawn)


def around(value: float) -> initializers.UniformInitializer:
    """A draw of numbers that differ by a fifth."""
    ends = sorted((0.9 * value, 1.1 * value))
    return initializers.UniformInitializer(low=ends[0], high=ends[1])


def made_of(kind: Kind) -> Any:
    """The config of a receptor, whose text is in the unit of what it brings."""
    given = dict(kind.given)
    if "equations" in given:
        unit = "pA" if "current" in kind.brings else "nS"
        given["equations"] = given["equations"].format(unit=unit)
    return kind.config(**given)
