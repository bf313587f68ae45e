"""Names: which are legal, and which was meant."""

import keyword

import pytest
from builders import refused
from hypothesis import given
from hypothesis import strategies as st

import spark
from spark.core.names import did_you_mean, illegal, nearest, suggestion
from spark.core.registry import Registry

KNOWN = ["threshold", "threshold_tau", "potential_rest", "resistance"]


@pytest.mark.parametrize(
    ("written", "meant"),
    [("tresholdd", "threshold"), ("THRESHOLD", "threshold"), ("potential_rst", "potential_rest"), ("zzz", None)],
)
def test_the_nearest_name_is_found(written: str, meant: str | None) -> None:
    assert nearest(written, KNOWN) == meant


@given(st.sampled_from(KNOWN), st.integers(0, 8), st.sampled_from("abcdefgh"))
def test_a_name_with_one_letter_too_many_is_recognised(name: str, place: int, letter: str) -> None:
    assert nearest(name[:place] + letter + name[place:], KNOWN) == name


def test_far_names_are_all_listed() -> None:
    assert suggestion("zzz", KNOWN) == "Known: 'potential_rest', 'resistance', 'threshold', 'threshold_tau'"


def test_at_most_twelve_names_are_listed() -> None:
    assert suggestion("zzz", [f"name_{n:02}" for n in range(20)]).count("'name_") == 12


def test_no_known_names_is_said() -> None:
    assert suggestion("zzz", [], "input port") == "There is no input port to choose from"


def test_where_names_are_listed_already_only_the_nearest_is_added() -> None:
    assert [did_you_mean(n, KNOWN, "Name one of those") for n in ("resistence", "zzz")] == [
        "Did you mean 'resistance'?",
        "Name one of those",
    ]


@pytest.mark.parametrize("name", ["a", "pool_2", "Spiker", "é"])
def test_legal_name(name: str) -> None:
    assert illegal(name) is None


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("a b", "a name must be a Python identifier, got 'a b'"),
        ("", "a name must be a Python identifier, got ''"),
        ("1a", "a name must be a Python identifier, got '1a'"),
        ("a.b", "a name must be a Python identifier, got 'a.b'"),
        ("a/b", "a name must be a Python identifier, got 'a/b'"),
        ("lambda", "a name must not be a word that Python keeps for itself, got 'lambda'"),
        ("in", "a name must not be a word that Python keeps for itself, got 'in'"),
        ("_x", "a name must not begin with an underscore, got '_x'"),
        ("a__b", "a name must not hold a double underscore, got 'a__b'"),
        ("reset", "'reset' is the name of something that every module has"),
        (3, "a name must be a string, got int"),
    ],
)
def test_illegal_name(name: object, why: str) -> None:
    assert illegal(name, {"reset"}) == why


@given(
    st.text(max_size=6) | st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,5}", fullmatch=True) | st.sampled_from(keyword.kwlist)
)
def test_every_legal_name_can_be_an_attribute_and_a_keyword(name: str) -> None:
    """Random text is hardly ever a name, so half of them are made as names are."""
    if illegal(name) is None:
        assert name.isidentifier()
        assert not keyword.iskeyword(name)


def test_unknown_class_name_is_refused_with_the_nearest() -> None:
    registry = Registry("module")
    registry.add(spark.nn.somas.LeakySoma)
    with refused(spark.RegistryError, "LeakySomma: is not a registered module. Did you mean 'LeakySoma'?"):
        registry["LeakySomma"]


def test_two_classes_of_one_name_are_refused() -> None:
    registry = Registry("module")
    registry.add(spark.nn.somas.LeakySoma)
    text = "LeakySoma: is already the name of spark.nn.somas.leaky.LeakySoma. Register the class under another name"
    with refused(spark.RegistryError, text):
        registry.add(spark.nn.synapses.PoissonBackground, "LeakySoma")


def test_saving_an_unregistered_class_says_how_to_register_it() -> None:
    class Stranger(spark.Module):
        config: spark.ModuleConfig

    text = "Stranger: is not a registered module. Call `spark.register(Stranger)` once, before saving or loading"
    with refused(spark.RegistryError, text):
        spark.ModuleSpecs("a", Stranger).to_dict()
