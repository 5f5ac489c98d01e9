"""Plots as SVG files: the same numbers give the same bytes."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Final

from matplotlib import style
from matplotlib.figure import Figure

_STYLE: Final = {
    "svg.hashsalt": "order-saga",  # otherwise ids are random
    "svg.fonttype": "none",  # text stays text: small files, and words that can be found
    "font.size": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,  # else the grid crosses the bars
    "grid.color": "#dddddd",
    "legend.frameon": False,
}


@contextmanager
def svg_plot(target: Path | BinaryIO, width: float = 8, height: float = 4) -> Iterator[Figure]:
    """Offer an empty figure to draw on, and write it at the end.

    The user's own matplotlib settings have no effect, and the file has no date.

    Args:
        target: The file to write, whose folder is made; or an open one.
        width: Width in inches.
        height: Height in inches.
    """
    with style.context(["default", _STYLE]):
        figure = Figure(figsize=(width, height), layout="constrained")
        yield figure
        if isinstance(target, Path):
            target.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(target, format="svg", metadata={"Date": None})
