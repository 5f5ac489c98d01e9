"""Plots as SVG files: the same numbers give the same bytes."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from matplotlib import style
from matplotlib.figure import Figure

_STYLE: Final = {
    "svg.hashsalt": "order-saga",  # otherwise ids are random
    "svg.fonttype": "none",  # text stays text: small files, and words that can be found
    "font.size": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": "#dddddd",
    "legend.frameon": False,
}


@contextmanager
def svg_plot(path: Path, width: float = 8, height: float = 4) -> Iterator[Figure]:
    """Offer an empty figure to draw on, and write it to a file at the end.

    The user's own matplotlib settings have no effect, and the file has no date.

    Args:
        path: The file to write; its folder is made.
        width: Width in inches.
        height: Height in inches.
    """
    with style.context(["default", _STYLE]):
        figure = Figure(figsize=(width, height), layout="constrained")
        yield figure
        path.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(path, format="svg", metadata={"Date": None})
