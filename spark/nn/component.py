"""Components that come in kinds: a config says which one is meant, in Python and in files."""

from dataclasses import replace
from typing import Any, ClassVar, Self

from pydantic import BeforeValidator

from spark.arrays import Numeric
from spark.core.config import ModuleConfig
from spark.core.errors import ConfigError, Problem
from spark.core.module import Module
from spark.core.names import suggestion
from spark.core.parameter import Scalar, parameter
from spark.core.part import is_ours
from spark.core.payloads import Payload
from spark.core.variable import Constant


class ComponentConfig(ModuleConfig):
    """Base of the configs of a family of components, such as somas; plain data says of which kind a config is.

    The head of a family names its `tag`. Every class below it is entered in the family's `kinds`.

    Class attributes:
        tag: Under which name plain data says of which kind it is.
        usual: The kind of plain data that says nothing; left out, none.
        kinds: The family by name of class, without its head.
        component: The module that is made from a config: the first class whose `config` is annotated with this class.
    """

    many_kinds: ClassVar[bool] = True
    usual: ClassVar[str] = ""
    kinds: ClassVar[dict[str, type["ComponentConfig"]]] = {}
    component: ClassVar[type["Component"]]

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "tag" in vars(cls):
            cls.kinds = {}
        else:
            cls._refuse_a_built_in_name()
            cls.kinds[cls.__name__] = cls

    @classmethod
    def _refuse_a_built_in_name(cls) -> None:
        """See that no class takes the place of one of ours: files name kinds by their class alone."""
        known = cls.kinds.get(cls.__name__)
        if known is not None and is_ours(known) and not is_ours(cls):
            text = f"is the name of a built-in {cls.tag} already"
            raise ConfigError(Problem(cls.__name__, text, "Give the class another name: files find it by that", "name"))

    def to_dict(self) -> dict[str, object]:
        """Plain data with the kind."""
        return {type(self).tag: type(self).__name__, **super().to_dict()}

    def unmade(self) -> list[Problem]:
        """That it is the config of no module, if it is."""
        try:
            self.made()
        except ConfigError as error:
            return [replace(problem, address="") for problem in error.problems]
        return []

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Self:
        """The config that `to_dict` described.

        Raises:
            ConfigError: It names no kind of the family, or another than it should.
        """
        if not isinstance(data, dict):
            raise ConfigError(Problem(cls.__name__, f"its data must be a JSON object, got {type(data).__name__}"))
        head = "tag" in vars(cls)
        name = str(data.get(cls.tag, cls.usual if head else cls.__name__))
        if name not in cls.kinds or not issubclass(cls.kinds[name], cls):
            raise ConfigError(Problem(cls.tag, f"{name!r} is no {cls.tag}", suggestion(name, cls.kinds), "unknown"))
        kind: Any = cls.kinds[name]
        return kind(**{k: v for k, v in data.items() if k != cls.tag})

    def made(self) -> "type[Component]":
        """The class of the module that is made from this config.

        Raises:
            ConfigError: No class has this config.
        """
        if "component" not in vars(type(self)) or "tag" in vars(type(self)):
            name = type(self).__name__
            text = f"is the config of no module; expected a class that says `config: {name}`"
            raise ConfigError(Problem(name, text, "Annotate it in the class body of the module", "class"))
        return type(self).component


class Component(Module):
    """Base of modules whose config is of a family of kinds."""

    @classmethod
    def exposed_by(cls, config: ComponentConfig) -> dict[str, type[Payload]]:
        """The properties that one of this config exposes, by name: all of `exposes`, unless a class says otherwise."""
        return cls.exposes

    def make(self, name: str, value: Numeric, shape: tuple[int, ...]) -> Scalar | Constant:
        """A parameter of the config by its `name`: its `value`, one number or one for each unit of this `shape`.

        Its address stands in errors.
        """
        return parameter(f"{self.path or type(self).__name__}.config.{name}", value, shape)

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        config = cls.__annotations__.get("config")
        if not (isinstance(config, type) and issubclass(config, ComponentConfig)):
            return
        # A subclass that keeps the config does not take its parent's place; the same class written again does.
        known = vars(config).get("component")
        if known is None or (known.__module__, known.__qualname__) == (cls.__module__, cls.__qualname__):
            config.component = cls


def kind_reader(family: type[ComponentConfig]) -> BeforeValidator:
    """Reads a config of a family, or its plain data."""

    def read(value: object) -> object:
        if isinstance(value, family):
            return value
        if isinstance(value, dict):
            return family.from_dict(value)
        raise ValueError(f"expected a {family.__name__} of some kind, got {type(value).__name__}")

    return BeforeValidator(read)
