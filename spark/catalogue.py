"""The catalogue: every module class that a file or the editor may name.

One explicit table of what is built in; packages add theirs through the entry-point group `spark.modules`, looked at the
first time a name is not in the table; users with `spark.register(MyModule)`. A file can never name anything else.
"""

from importlib.metadata import entry_points
from typing import TypeVar

from spark import learn, worlds
from spark.core.arguments import checked
from spark.core.errors import ModuleError, Problem
from spark.core.module import Module
from spark.core.registry import modules
from spark.nn import (
    Brain,
    dendrites,
    interfaces,
    neurons,
    plasticity,
    pools,
    projections,
    receptors,
    somas,
    sources,
    synapses,
)
from spark.nn.connections import Connectivity

ENTRY_POINTS = "spark.modules"

BUILT_IN: dict[str, tuple[type[Module], ...]] = {
    "brain": (Brain,),
    "neuron": (
        neurons.AdExNeuron,
        neurons.ALIFNeuron,
        neurons.ConductanceLIFNeuron,
        neurons.CurrentLIFNeuron,
        neurons.DeltaLIFNeuron,
        neurons.LIFNeuron,
        pools.Pool,
    ),
    "interface": (
        interfaces.Accumulator,
        interfaces.Average,
        interfaces.DelayLine,
        interfaces.DeltaSpiker,
        interfaces.ExponentialIntegrator,
        interfaces.FirstToSpike,
        interfaces.Gain,
        interfaces.Gate,
        interfaces.LatencySpiker,
        interfaces.LinearSpiker,
        interfaces.PhaseSpiker,
        interfaces.PoissonSpiker,
        interfaces.PopulationEncoder,
        interfaces.PopulationVector,
        interfaces.SoftmaxChoice,
        interfaces.TopologicalLinearSpiker,
        interfaces.TopologicalPoissonSpiker,
        interfaces.WinnerTakeAll,
    ),
    "source": (
        sources.OrnsteinUhlenbeckCurrent,
        sources.RampCurrent,
        sources.SampledCurrent,
        sources.SineCurrent,
        sources.StepCurrent,
    ),
    "world": (
        worlds.Acrobot,
        worlds.Bandit,
        worlds.CartPole,
        worlds.CuedBandit,
        worlds.Maze,
        worlds.MountainCar,
        worlds.Pendulum,
        worlds.ReachingArm,
    ),
    "learning": (
        learn.ActorPools,
        learn.ActorRace,
        learn.Critic,
        learn.PredictionError,
    ),
    "soma": (
        somas.AdaptiveExponentialSoma,
        somas.AdaptiveLeakySoma,
        somas.EquationSoma,
        somas.EscapeRateSoma,
        somas.ExponentialSoma,
        somas.GeneralizedLeakySoma,
        somas.HodgkinHuxleySoma,
        somas.IntegrateAndFireSoma,
        somas.IzhikevichCorticalSoma,
        somas.IzhikevichSoma,
        somas.LeakySoma,
        somas.PoissonSoma,
        somas.QuadraticSoma,
        somas.ResonateSoma,
        somas.TraubMilesSoma,
        somas.TwoCompartmentSoma,
    ),
    "receptor": (
        receptors.AlphaConductance,
        receptors.AlphaCurrent,
        receptors.Current,
        receptors.DoubleExponentialConductance,
        receptors.DoubleExponentialCurrent,
        receptors.EquationConductance,
        receptors.EquationCurrent,
        receptors.ExponentialConductance,
        receptors.ExponentialCurrent,
        receptors.GABAB,
        receptors.GapJunction,
        receptors.Jump,
        receptors.NMDA,
        receptors.PulseCurrent,
    ),
    "dendrite": (dendrites.BackpropagatingDendrite, dendrites.LeakyDendrite, dendrites.PlateauDendrite),
    "synapses": (synapses.PoissonBackground,),
    "short_term": (projections.TsodyksMarkram,),
    "plasticity": (
        plasticity.BCMRule,
        plasticity.BTSPRule,
        plasticity.ClopathRule,
        plasticity.EquationRule,
        plasticity.HebbianRule,
        plasticity.OjaRule,
        plasticity.PairRule,
        plasticity.PowerLawRule,
        plasticity.QuadrupletRule,
        plasticity.ScalingRule,
        plasticity.TripletRule,
        plasticity.VogelsRule,
        plasticity.ZenkeRule,
    ),
}

for _family in BUILT_IN.values():
    for _class in _family:
        modules.add(_class)

Registered = TypeVar("Registered", bound=type[Module])


@checked
def register(cls: Registered, name: str | None = None) -> Registered:
    """Enter a module class of your own, so that files and the editor can name it. Works as a decorator.

    Args:
        cls: The class.
        name: By which files and the editor know it; left out, the class's own.

    Raises:
        ModuleError: The class breaks the contract of a module.
        RegistryError: Another class has this name.
    """
    if isinstance(cls, type) and issubclass(cls, Connectivity):
        fix = "A pattern needs no registration: its name is known once its class is defined, also to files"
        raise ModuleError(
            Problem("register", f"takes a module class, got the connection pattern {cls.__name__}", fix, "pattern")
        )
    if not (isinstance(cls, type) and issubclass(cls, Module)):
        raise ModuleError(Problem("register", f"takes a module class, got {cls!r}", "Derive it from spark.Module"))
    cls.config_class()
    cls.ports()
    modules.add(cls, name)
    return cls


def load_plugins() -> list[str]:
    """Enter the modules of installed packages (entry-point group `spark.modules`); returns their names."""
    found = []
    for point in entry_points(group=ENTRY_POINTS):
        register(point.load(), point.name)
        found.append(point.name)
    return found


modules.on_miss(load_plugins)


def families() -> dict[str, list[str]]:
    """Names by family: those built in, and `other` for the rest."""
    listed = {family: [c.__name__ for c in classes] for family, classes in BUILT_IN.items()}
    known = {name for names in listed.values() for name in names}
    listed["other"] = [name for name in modules if name not in known]
    return listed
