"""The catalogue: what is built in, what packages add, what users register."""

import re
from importlib.metadata import EntryPoint

import pytest

import spark
from spark import catalogue
from spark.core.registry import Registry
from spark.nn import connections
from spark.nn.connections.base import kinds


class Own(spark.nn.somas.LeakySoma):
    """A user's soma."""


def test_every_built_in_module_is_found_by_its_name():
    for classes in catalogue.BUILT_IN.values():
        for cls in classes:
            assert catalogue.modules[cls.__name__] is cls


def test_an_unknown_name_is_an_error_with_the_nearest_name():
    with pytest.raises(spark.RegistryError, match=re.escape("LeakySomma: is not a registered module. Did you mean")):
        catalogue.modules["LeakySomma"]


def test_registering_makes_a_class_nameable_in_a_file():
    spark.register(Own)
    specs = spark.ModuleSpecs("own", Own, {"current": spark.PortMap("__call__", "x")})
    assert spark.ModuleSpecs.from_dict(specs.to_dict()).module_cls is Own


def test_an_unregistered_class_cannot_be_saved():
    class Unknown(spark.nn.somas.LeakySoma):
        """Never registered."""

    specs = spark.ModuleSpecs("unknown", Unknown, {"current": spark.PortMap("__call__", "x")})
    with pytest.raises(spark.RegistryError, match=re.escape("Call `spark.register(Unknown)` once")):
        specs.to_dict()


def test_another_class_under_a_taken_name_is_refused():
    class Other(spark.nn.somas.LeakySoma):
        """Wants a taken name."""

    with pytest.raises(spark.RegistryError, match="is already the name of"):
        spark.register(Other, "Brain")


def test_what_is_no_module_class_is_refused():
    with pytest.raises(spark.ModuleError, match="takes a module class"):
        spark.register(dict)  # type: ignore[type-var]


def test_registering_a_connection_pattern_says_that_it_is_known_already():
    class Loop(connections.Connectivity):
        """A user's pattern."""

    del kinds["Loop"]
    text = (
        "register: takes a module class, got the connection pattern Loop. "
        "A pattern needs no registration: its name is known once its class is defined, also to files"
    )
    with pytest.raises(spark.ModuleError) as caught:
        spark.register(Loop)  # type: ignore[type-var]
    assert str(caught.value) == text


def test_packages_add_modules_through_entry_points(monkeypatch):
    point = EntryPoint("PluginSoma", "spark.nn.somas:LeakySoma", catalogue.ENTRY_POINTS)
    table = Registry("module")
    monkeypatch.setattr(catalogue, "entry_points", lambda group: [point] if group == point.group else [])
    monkeypatch.setattr(catalogue, "modules", table)
    table.on_miss(catalogue.load_plugins)
    assert table["PluginSoma"] is spark.nn.somas.LeakySoma
    assert table.names() == ["PluginSoma"]
