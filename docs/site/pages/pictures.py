"""A picture of what each entry does, drawn when the site is built, for light and for dark pages."""

from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("svg")

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from pages.experiments import EXPERIMENTS, Panel

INKS = {"light": "#33302c", "dark": "#d8d4cf"}
COLOURS = {
    "light": ("#a8440a", "#1f6f8b", "#5b7f1f", "#7a4a9e", "#8a6d00", "#8b2252"),
    "dark": ("#ffa766", "#6fc3df", "#b2d66a", "#c79bea", "#e6c84f", "#f08bb4"),
}


class Pictures:
    """Makes pictures in a folder, which is made with the first of them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __call__(self, family: str, cls: Any) -> str:
        """The picture of an entry in Markdown."""
        panels, caption = EXPERIMENTS[family](cls)
        self.folder.mkdir(parents=True, exist_ok=True)
        for page in INKS:
            draw(panels, page, self.folder / f"{cls.__name__}-{page}.svg")
        images = [
            f"```{{image}} {self.folder.name}/{cls.__name__}-{page}.svg\n:class: only-{page}\n:alt: {caption}\n```"
            for page in INKS
        ]
        return "\n".join([*images, "", f"*{caption}*"])


def draw(panels: list[Panel], page: str, path: Path) -> None:
    """Draw panels below each other, without a ground, so that the page's own is seen."""
    ink = INKS[page]
    settings = {
        "text.color": ink,
        "axes.labelcolor": ink,
        "xtick.color": ink,
        "ytick.color": ink,
        "axes.edgecolor": ink,
    }
    with plt.rc_context({**settings, "font.size": 10, "svg.hashsalt": "spark"}):
        figure, axes = plt.subplots(len(panels), 1, figsize=(7, 0.5 + 1.75 * len(panels)), squeeze=False)
        for axis, panel in zip(axes[:, 0], panels, strict=True):
            fill(axis, panel, page)
        figure.tight_layout()
        figure.savefig(path, transparent=True, metadata={"Date": None})
        plt.close(figure)


def fill(axis: Any, panel: Panel, page: str) -> None:
    """Draw one panel."""
    axis.spines[["top", "right"]].set_visible(False)
    axis.set_ylabel(panel.beside)
    axis.set_xlabel(panel.below)
    if panel.logarithmic:
        axis.set_xscale("log")
        axis.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axis.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:g}"))
        axis.xaxis.set_minor_formatter(NullFormatter())
    if panel.spikes is not None:
        steps, units = np.nonzero(panel.spikes)
        colours = np.where(panel.spikes[steps, units] > 0, COLOURS[page][0], COLOURS[page][1])
        axis.scatter((steps + 1) * panel.dt, units, s=4, c=colours if len(colours) else None, linewidths=0)
        axis.set_xlim(0, len(panel.spikes) * panel.dt)
        axis.set_ylim(-0.5, panel.spikes.shape[1] - 0.5)
    for (label, (x, y)), colour in zip(panel.curves.items(), COLOURS[page], strict=False):
        axis.plot(x, y, "o-" if panel.points else "-", ms=2.5, lw=1.2, color=colour, label=label)
    axis.ticklabel_format(axis="y", useOffset=False)
    if any(label and not label.startswith("_") for label in panel.curves):
        axis.legend(frameon=False, fontsize=8, ncols=4, loc="lower right", bbox_to_anchor=(1.0, 0.97))
