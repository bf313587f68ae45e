"""The site names every guide and every entry of the catalogue, and what it makes from the code is right."""

import re
from pathlib import Path

import conf
import pytest
from pages import assemble, entries, links, reference, tested, typeset

import spark
from spark import catalogue

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site") / "sources"
    assemble.assemble(folder, lambda family, cls: "")
    return folder


def test_the_index_names_every_guide_once(sources: Path) -> None:
    named = re.findall(r"^guides/(\w+)$", (sources / "index.md").read_text("utf-8"), re.MULTILINE)
    there = [path.stem for path in (ROOT / "docs").glob("*.md") if path.stem != "models"]
    assert sorted(named) == sorted(there)


def test_every_entry_of_the_catalogue_has_a_page_and_a_place_in_the_index(sources: Path) -> None:
    index = (sources / "models" / "index.md").read_text("utf-8")
    for classes in catalogue.BUILT_IN.values():
        for cls in classes:
            page = (sources / "models" / f"{cls.__name__}.md").read_text("utf-8")
            assert f"[{cls.__name__}]({cls.__name__}.md)" in index and re.search(
                rf"^{cls.__name__}$", index, re.MULTILINE
            )
            assert all(f"## {part}\n" in page for part in ("Parameters", "Tests", "See also")), cls


def test_the_pages_of_models_lead_from_the_guides(sources: Path) -> None:
    assert "](../models/index.md)" in (sources / "guides" / "pools.md").read_text("utf-8")
    assert assemble.to_models("[it](models.md#leakysoma)", "../models/") == "[it](../models/LeakySoma.md)"


def test_the_reference_describes_every_public_name_once() -> None:
    pages = reference.described()
    assert set(pages["spark"].own) >= {"run", "Module", "GraphEditor", "check_module"}
    described = [id(value) for page in pages.values() for value in page.own.values()]
    assert len(described) == len(set(described))
    assert pages["spark.nn"].elsewhere["Projection"] == "spark.Projection"
    everywhere = {name for page in pages.values() for name in (*page.own, *page.elsewhere)}
    assert {cls.__name__ for classes in catalogue.BUILT_IN.values() for cls in classes} <= everywhere


def test_the_tutorial_is_the_script_that_the_tests_run() -> None:
    page = (ROOT / "docs" / "tutorial.md").read_text("utf-8")
    blocks = re.findall(r"^```py\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    script = (ROOT / "tests" / "contract" / "seed_tutorial.py").read_text("utf-8")
    code = [line for line in script.splitlines() if line and not line.startswith("#")]
    assert [line for line in "".join(blocks).splitlines() if line] == code


def test_tests_of_a_model_are_found_through_their_helpers_too() -> None:
    found = tested.tests_of("AdaptiveExponentialSoma")
    assert "tests/nn/test_adaptive_exponential.py" in {test.file for test in found}
    assert tested.tests_of("NoSuchModel") == []
    assert entries.tests("NoSuchModel").startswith("It is tested with all entries")


def over(above: str, below: str) -> str:
    return f'<span class="fraction"><span>{above}</span><span>{below}</span></span>'


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("tau dV/dt = -V", f"<i>τ</i> {over('d<i>V</i>', 'd<i>t</i>')} = −<i>V</i>"),
        ("dTheta_s/dt", over("d<i>Θ</i><sub>s</sub>", "d<i>t</i>")),
        ("(a + b) / (2 sigma^2) x", f"{over('<i>a</i> + <i>b</i>', '2 <i>σ</i><sup>2</sup>')} <i>x</i>"),
        ("exp(-t / tau) / 3", over(f"exp(−{over('<i>t</i>', '<i>τ</i>')})", "3")),
        ("1 / f(x)^2", over("1", "<i>f</i>(<i>x</i>)<sup>2</sup>")),
        ("5 mV/ms (a /", "5 mV/ms (<i>a</i> /"),
        ("W - A2_minus * y^2", "<i>W</i> − <i>A</i><sub>2−</sub> · <i>y</i><sup>2</sup>"),
        ("w^mu", "<i>w</i><sup><i>μ</i></sup>"),
        ("2^(k+1) x", "2<sup><i>k</i>+1</sup> <i>x</i>"),
        ("[u - theta_plus]+ x", "[<i>u</i> − <i>θ</i><sub>+</sub>]<sub>+</sub> <i>x</i>"),
        ("a < exp(-x)", "<i>a</i> &lt; exp(−<i>x</i>)"),
        ("kept_j", '<span class="word">kept</span><sub>j</sub>'),
        ("u <- potential_reset", '<i>u</i> ← <span class="word">potential_reset</span>'),
    ],
)
def test_equations_are_set_as_they_are_meant(text: str, shown: str) -> None:
    assert typeset.formula(text) == shown


def test_conditions_in_words_stand_upright_beside_their_equations() -> None:
    shown = typeset.block("where a spike arrives:   W <- W + A\n  w^2")
    assert '<span class="word">where a spike arrives:</span>' in shown and "<i>W</i> ←" in shown
    assert shown.count("equations-row") == 2 and 'aria-label="where a spike arrives: W &lt;- W + A w^2"' in shown


def test_a_link_that_leads_nowhere_is_found(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text('<p id="here"><a href="b.html#there">1</a><a href="#here">2</a><img src="no.png">')
    (tmp_path / "b.html").write_text('<a href="a.html#gone">1</a><a href="https://example.org/x">2</a>')
    dead = links.dead_links(tmp_path)
    assert dead == [
        "a.html: no such anchor: b.html#there",
        "a.html: no such file: no.png",
        "b.html: no such anchor: a.html#gone",
    ]


def test_what_a_function_gives_back_is_one_text_and_a_source_leads_to_its_paper() -> None:
    lines = ["Do it.", "", "Returns:", "    One. If so: two,", "    three.", "", "Raises:", "    RunError: No."]
    expected = ["Do it.", "", ":returns: One. If so: two,", "    three.", "", "Raises:", "    RunError: No."]
    assert conf.given_back(lines) == expected
    assert (
        conf.linked("A 2005, doi:10.1152/jn.2005.")
        == "A 2005, `doi:10.1152/jn.2005 <https://doi.org/10.1152/jn.2005>`__."
    )


def test_public_names_are_those_that_can_be_imported() -> None:
    for family, cls in entries.every():
        module, _, name = entries.public_name(cls).rpartition(".")
        assert name in vars(__import__(module, fromlist=[name])), (family, cls)
    assert spark.LearnError.__name__ in reference.public(spark)
