"""What a class's declarations ask of its fields."""

import spark
from spark import ModuleConfig, Quantity
from spark.core.field_rules import Bound, rules_of


class LeakConfig(ModuleConfig):
    """A field of each kind."""

    tau: float = spark.field(20.0, unit="ms", above=0, most=1e4, time_constant="stored", description="Decay.")
    resting: Quantity = spark.field(-65.0, unit="mV", description="Where it decays to.")
    jump: Quantity | None = spark.field(None, unit="mV", least=0, description="What a spike adds.")
    recovery: float = spark.field(5.0, unit="ms", only_with="jump", description="Of the jump.")


def test_rules_are_read_from_the_declarations_in_the_order_of_the_fields():
    rules = rules_of(LeakConfig)
    assert rules.quantities == ("resting", "jump")
    assert rules.conditional == (("recovery", "jump"),)
    assert rules.time_constants == (("tau", "stored"),)
    own = [bound for bound in rules.bounds if bound.field not in ModuleConfig.model_fields]
    assert own == [
        Bound("tau", "exclusiveMinimum", 0, "ms"),
        Bound("tau", "maximum", 1e4, "ms"),
        Bound("jump", "minimum", 0, "mV"),
    ]
    assert Bound("dt", "exclusiveMinimum", 0, "ms") in rules.bounds


def test_a_class_that_derives_has_the_rules_of_both():
    class SlowLeakConfig(LeakConfig):
        """Another bound of a field, and a field more."""

        tau: float = spark.field(900.0, unit="ms", least=500, description="Decay.")
        gain: Quantity = spark.field(1.0, description="No unit.")

    rules = rules_of(SlowLeakConfig)
    assert rules.quantities == ("resting", "jump", "gain") and not rules.time_constants
    assert [bound for bound in rules.bounds if bound.field == "tau"] == [Bound("tau", "minimum", 500, "ms")]
