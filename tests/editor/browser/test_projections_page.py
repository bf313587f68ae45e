"""On the page a wire into a receptor is a projection with an inspector, and a pool's ports are its receptors."""

import pytest
from editor_page import wait_until
from pools import pooled_document

from spark.io.model_file import write_document


@pytest.fixture
def pooled_page(page, shared):
    (shared.folder / "pooled.spark.json").write_bytes(write_document(pooled_document()))
    page.get_by_role("button", name="Open a file").click()
    page.get_by_role("button", name="pooled.spark.json", exact=True).click()
    page.node("pool").wait_for()
    page.no_problems()
    page.settled()
    return page


def edge(page, key):
    return page.document()["edges"][key].get("projection")


def test_the_settings_of_a_projection_are_seen_and_edited(pooled_page):
    page = pooled_page
    page.node("pool").click()
    page.get_by_role("button", name="Settings of the wire from pool.out_spikes").click()
    page.get_by_role("heading", name="Projection").wait_for()
    page.picture("projection")
    inspector = page.locator(".inspector")
    assert inspector.locator("#field-name").input_value() == "own"
    assert inspector.locator("#field-rule").input_value() == "PairRuleConfig"
    rate = inspector.locator("#field-rule-rate")
    rate.fill("0.25")
    rate.press("Enter")
    wait_until(lambda: edge(page, "e3")["rule"] == {"rule": "PairRuleConfig", "rate": 0.25})
    inspector.locator("#field-pattern").select_option("AllToAll")
    wait_until(lambda: "pattern" not in edge(page, "e3"))
    inspector.locator("#field-rule").select_option("none")
    wait_until(lambda: "rule" not in edge(page, "e3"))
    page.keyboard.press("Control+z")
    wait_until(lambda: edge(page, "e3").get("rule") == {"rule": "PairRuleConfig", "rate": 0.25})
    page.no_problems()


def test_rewiring_is_set_by_mouse_with_units_and_bounds_and_the_brain_runs(pooled_page):
    page = pooled_page
    page.node("pool").click()
    page.get_by_role("button", name="Settings of the wire from pool.out_spikes").click()
    page.get_by_role("heading", name="Projection").wait_for()
    inspector = page.locator(".inspector")
    inspector.locator("summary", has_text="rewiring none").click()
    used = inspector.locator("#field-rewiring")
    assert not used.is_checked() and inspector.locator("#field-rewiring-interval").count() == 0

    def rewiring():
        return edge(page, "e3").get("rewiring")

    used.click()
    wait_until(lambda: rewiring() == {})
    # What it needs is said beside its field; other fields stand at their defaults.
    inspector.get_by_text("is missing, got prune='below'; expected a number").first.wait_for()
    interval, threshold = (inspector.locator(f"#field-rewiring-{name}") for name in ("interval", "threshold"))
    assert interval.input_value() == "100" and inspector.locator("#field-rewiring-prune").input_value() == "below"
    threshold.fill("0.45")
    threshold.press("Enter")
    wait_until(lambda: rewiring() == {"threshold": 0.45})
    page.no_problems()
    interval.fill("0 ms")
    interval.press("Enter")
    inspector.get_by_text("It must be > 0 ms.").wait_for()
    assert rewiring() == {"threshold": 0.45}
    interval.fill("0.02 s")
    interval.press("Enter")
    wait_until(lambda: rewiring() == {"threshold": 0.45, "interval": 20})
    page.picture("rewiring")
    inspector.locator("#field-rewiring-prune").select_option("weakest")
    inspector.get_by_text("has no effect with prune='weakest', got 0.45").first.wait_for()
    inspector.get_by_role("button", name="Back to the default of threshold").click()
    share = inspector.locator("#field-rewiring-share")
    share.fill("1.5")
    share.press("Enter")
    inspector.get_by_text("It must be ≤ 1").wait_for()
    share.fill("0.5")
    share.press("Enter")
    wait_until(lambda: rewiring() == {"interval": 20, "prune": "weakest", "share": 0.5})
    page.no_problems()
    page.get_by_role("button", name="Run", exact=True).click()
    page.wait_step(100)
    page.get_by_role("button", name="Pause").click()
    page.wait_phase("paused")
    page.picture("rewiring-run")
    used.click()
    wait_until(lambda: rewiring() is None)
    page.keyboard.press("Control+z")
    wait_until(lambda: rewiring() == {"interval": 20, "prune": "weakest", "share": 0.5})
    page.no_problems()


@pytest.mark.thorough
def test_a_bare_wire_gets_its_first_settings(pooled_page):
    page = pooled_page
    page.ask("apply", commands=[{"do": "configure", "ids": ["e4"], "path": ["weights"], "reset": True}])
    assert edge(page, "e4") is None
    page.node("pool").click()
    page.get_by_role("button", name="Settings of the wire from noise.spikes").last.click()
    page.locator("summary", has_text="delay").click()
    page.locator("#field-delay").select_option("ConstantInitializer")
    wait_until(lambda: edge(page, "e4") == {"delay": {"initializer": "ConstantInitializer"}})
    page.locator("#field-delay-value").fill("2 ms")
    page.locator("#field-delay-value").press("Enter")
    wait_until(lambda: edge(page, "e4") == {"delay": {"initializer": "ConstantInitializer", "value": 2}})


def test_the_receptors_of_a_pool_are_its_ports_and_are_added_renamed_and_removed(pooled_page):
    page = pooled_page
    page.node("pool").click()
    page.picture("pool")
    page.get_by_role("button", name="Add a receptor").click()
    page.port("pool", "receptor_1", "in").wait_for()
    name = page.locator("#field-receptors-receptor_1-name")
    name.fill("gaba")
    name.press("Enter")
    page.port("pool", "gaba", "in").wait_for()

    def receptors():
        return page.document()["nodes"]["n4"]["config"]["receptors"]

    page.locator("#field-receptors-gaba-kind").select_option("AlphaCurrentConfig")
    wait_until(lambda: receptors().get("gaba") == {"receptor": "AlphaCurrentConfig"})
    page.locator("#field-receptors-gaba-tau").fill("7")
    page.locator("#field-receptors-gaba-tau").press("Enter")
    wait_until(lambda: receptors().get("gaba") == {"receptor": "AlphaCurrentConfig", "tau": 7})
    page.get_by_role("button", name="Delete ampa and its 2 wires").click()
    page.port("pool", "ampa", "in").wait_for(state="detached")
    assert sorted(page.document()["edges"]) == ["e1", "e4", "e5", "e6"]
    page.keyboard.press("Control+z")
    page.port("pool", "ampa", "in").wait_for()
    wait_until(lambda: page.wires() == 6)
    page.locator("summary", has_text="IntegrateAndFireSomaConfig").click()
    page.locator("#field-soma").select_option("LeakySomaConfig")
    page.locator("#field-soma-threshold").wait_for()
    assert page.document()["nodes"]["n4"]["config"]["soma"] == {"soma": "LeakySomaConfig"}


@pytest.mark.slow
def test_a_dendrite_is_added_by_mouse_a_receptor_laid_on_it_and_the_brain_runs(pooled_page):
    page = pooled_page
    page.node("pool").click()
    page.get_by_role("button", name="Add a dendrite").click()
    name = page.locator("#field-dendrites-dendrite_1-name")
    name.fill("apical")
    name.press("Enter")
    page.locator("#field-onto-ampa").select_option("apical")

    def settings():
        config = page.document()["nodes"]["n4"]["config"]
        return config.get("dendrites"), config.get("onto")

    leaky = {"dendrite": "LeakyDendriteConfig"}
    wait_until(lambda: settings() == ({"apical": leaky}, {"ampa": "apical"}))
    page.locator("#field-dendrites-apical-coupling").fill("5 nS")
    page.locator("#field-dendrites-apical-coupling").press("Enter")
    wait_until(lambda: settings()[0] == {"apical": {**leaky, "coupling": 5}})
    name = page.locator("#field-dendrites-apical-name")
    name.fill("tuft")
    name.press("Enter")
    wait_until(lambda: settings()[1] == {"ampa": "tuft"})
    page.locator("#field-dendrites-tuft-kind").select_option("PlateauDendriteConfig")
    wait_until(lambda: settings()[0] == {"tuft": {"dendrite": "PlateauDendriteConfig"}})
    page.no_problems()
    page.picture("dendrites")
    page.get_by_role("button", name="Run", exact=True).click()
    page.wait_step(20)
    page.get_by_role("button", name="Pause").click()
    page.wait_phase("paused")
    page.get_by_role("button", name="Delete tuft; what lies on it then lies on the soma").click()
    wait_until(lambda: settings() == (None, None))
    assert page.wires() == 6
    page.locator("#field-onto-ampa").wait_for(state="detached")


@pytest.mark.thorough
def test_a_new_pool_is_wired_by_mouse(page):
    page.empty()
    page.ask("apply", commands=[
        {"do": "add", "type": "PoissonSpiker", "name": "noise"},
        {"do": "add", "type": "Pool", "name": "cells", "x": 400},
        {"do": "put_receptor", "id": "n2", "name": "fast", "receptor": "JumpConfig"},
    ])  # fmt: skip
    page.port("cells", "fast", "in").wait_for()
    page.settled()
    page.drag(page.port("noise", "spikes", "out"), page.port("cells", "fast", "in")).up()
    wait_until(lambda: page.wires() == 1)
    assert [e["to"] for e in page.document()["edges"].values()] == [["n2", "fast"]]


def test_a_number_of_a_soma_becomes_what_draws_it_and_a_number_again(pooled_page):
    page = pooled_page
    page.node("pool").click()
    page.locator("summary", has_text="IntegrateAndFireSomaConfig").click()
    inspector = page.locator(".inspector")
    inspector.get_by_role("button", name="Draw threshold for each unit").click()
    kind = inspector.locator("#field-soma-threshold")
    wait_until(lambda: kind.input_value() == "NormalInitializer")
    mean = inspector.locator("#field-soma-threshold-mean")
    assert mean.input_value() == "-50" and inspector.locator("#field-soma-threshold-density").count() == 0
    deviation = inspector.locator("#field-soma-threshold-deviation")
    deviation.fill("2 mV")
    deviation.press("Enter")
    page.picture("drawn-parameter")

    def soma():
        return page.document()["nodes"]["n4"]["config"].get("soma", {})

    drawn = {"initializer": "NormalInitializer", "mean": -50, "deviation": 2}
    wait_until(lambda: soma().get("threshold") == drawn)
    page.no_problems()
    assert "ArrayInitializer" not in kind.locator("option").all_inner_texts()
    kind.select_option("a number")
    wait_until(lambda: "threshold" not in soma())
    assert inspector.locator("#field-soma-threshold").input_value() == "-50"
