"""The tutorial's brain, drawn with the mouse: few actions, each with an effect, and each looked at."""

from editor_page import wait_until

from spark.demo import tutorial_config
from spark.io.graph_config import brain_config

MOST_ACTIONS = 25
NAMES = {
    "topological_linear_spiker": "spiker",
    "alif_neuron": "neurons_pool",
    "exponential_integrator": "integrator",
}
SHOWN = """() => [
  [...document.querySelectorAll(".react-flow__node.selected, .react-flow__edge.selected")].map((n) => n.dataset.id),
  document.querySelector("dialog")?.getAttribute("aria-label") ?? null,
  document.querySelector("[data-testid=phase]").innerText,
]"""


class Hand:
    """Does one action after the other: counts them, waits for the effect of each, and keeps a picture of it."""

    def __init__(self, page):
        self.page, self.count = page, 0

    def state(self):
        return self.page.document(), self.page.evaluate(SHOWN)

    def does(self, what, action):
        before = self.state()
        action()
        wait_until(lambda: self.state() != before)
        self.count += 1
        self.page.settled()
        self.page.picture(f"tutorial_{self.count:02d}_{what}")

    def adds(self, type):
        self.does(f"add_{type}", self.page.get_by_role("button", name="+ Add").click)
        entry = self.page.modules().filter(has=self.page.locator(f'b:text-is("{type}")'))
        self.does(f"choose_{type}", entry.click)

    def writes(self, field, text):
        entry = self.page.locator(f"#{field}")

        def write():
            entry.fill(text)
            entry.press("Enter")

        self.does(f"{field}_{text}", write)


def test_the_tutorials_brain_is_drawn_by_mouse_in_at_most_25_actions(page):
    page.empty()
    hand = Hand(page)
    hand.adds("TopologicalLinearSpiker")
    for field, text in (("mins", "-1"), ("resolution", "128"), ("max_freq", "200"), ("tau", "30 ms")):
        hand.writes(f"field-{field}", text)
    hand.adds("ALIFNeuron")
    hand.writes("field-units", "256")
    hand.does("tick", page.locator("#field-async_spikes").click)
    wire = (page.port("alif_neuron", "out_spikes", "out"), page.port("alif_neuron", "in_spikes", "in"))
    hand.does("wire_to_itself", lambda: page.drag(*wire).up())
    hand.adds("ExponentialIntegrator")
    hand.writes("field-num_outputs", "2")
    hand.adds("Output")
    hand.writes("node-name", "action")
    hand.writes("field-dtype", "float16")
    hand.does("back_to_the_spiker", page.node("topological_linear_spiker").click)
    hand.adds("Input")
    hand.writes("node-name", "drive")
    hand.writes("field-shape", "4")
    hand.writes("field-dtype", "float16")
    page.no_problems()
    hand.does("run", page.get_by_role("button", name="Run", exact=True).click)
    page.wait_step(50)
    page.get_by_role("button", name="Pause").click()
    page.wait_phase("paused")
    page.picture("tutorial_99_it_runs")
    assert hand.count <= MOST_ACTIONS

    document = page.document()
    for node in document["nodes"].values():
        node["name"] = NAMES.get(node["name"], node["name"])
    config, problems = brain_config(document)
    assert problems == []
    found, expected = config.to_dict(), tutorial_config().to_dict()
    for part in ("input_map", "output_map", "modules_map"):
        assert found[part] == expected[part]
    assert page.locator(".react-flow__node").count() == 5
    frames = page.evaluate(
        """() => [...document.querySelectorAll(".react-flow__node")].map((n) => n.getBoundingClientRect())
          .map(({ left, right, top, bottom }) => [left, right, top, bottom])"""
    )
    assert not [
        (a, b)
        for i, a in enumerate(frames)
        for b in frames[:i]
        if a[0] < b[1] and b[0] < a[1] and a[2] < b[3] and b[2] < a[3]
    ]
