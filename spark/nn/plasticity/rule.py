"""What all rules have in common."""

from typing import Any, ClassVar, Self, TypedDict

from spark.core.config import ModuleConfig
from spark.core.errors import ConfigError, Problem
from spark.core.module import Module
from spark.core.names import suggestion
from spark.core.payloads import FloatArray

# The config of every rule by the name of its class, bases of rules too.
kinds: dict[str, type["RuleConfig"]] = {}
_default = "ZenkeRuleConfig"


class RuleConfig(ModuleConfig):
    """Base of the configs of rules; its plain data says which rule it is."""

    many_kinds: ClassVar[bool] = True
    rule: ClassVar[type[Module]]

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        kinds[cls.__name__] = cls

    @property
    def active(self) -> bool:
        """Whether the rule changes anything."""
        return True

    @property
    def modulated(self) -> bool:
        """Whether the rule has a port `modulation`."""
        return False

    def to_dict(self) -> dict[str, Any]:
        """Plain data with the kind of rule."""
        return {"rule": type(self).__name__, **super().to_dict()}

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Self:
        """The config that `to_dict` described.

        Raises:
            ConfigError: It names no rule, or another than it should.
        """
        name = str(data.get("rule", _default if cls is RuleConfig else cls.__name__))
        if name not in kinds or not issubclass(kinds[name], cls):
            raise ConfigError(Problem("rule", f"{name!r} is no rule", suggestion(name, kinds), "unknown"))
        kind: Any = kinds[name]
        return kind(**{k: v for k, v in data.items() if k != "rule"})


class PlasticityOutput(TypedDict):
    """What a rule puts out: the changed weights."""

    weights: FloatArray


class Rule(Module):
    """Base of rules: a module with ports `pre_spikes`, `post_spikes` and `weights` that puts out changed `weights`."""

    works_on_others = True

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        config = cls.__annotations__.get("config")
        if isinstance(config, type) and issubclass(config, RuleConfig):
            config.rule = cls
