"""The plot of docs/scale.md: the queue of a flash sale, and the time until an order is confirmed."""

from io import BytesIO
from typing import Final

from matplotlib.axes import Axes

from local.processes import REPOSITORY
from proof.scale.sales import played
from proof.svg_plot import svg_plot

PLOT: Final = REPOSITORY / "docs" / "images" / "scale-flash-sale.svg"

_STEPS: Final = 250
"""Points of a line; more would only make the file larger."""


def sale_plot() -> str:
    """Draw all sales, as SVG."""
    drawn = BytesIO()
    with svg_plot(drawn, width=9, height=3.8) as figure:
        queue, times = figure.subplots(1, 2)
        _draw_queue(queue)
        _draw_times(times)
        handles, labels = queue.get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower center", ncols=len(labels))
    return drawn.getvalue().decode()


def _draw_queue(axes: Axes) -> None:
    end = max(result.last_confirmed_at for _, result in played())
    seconds = [end * step / _STEPS for step in range(_STEPS + 1)]
    for name, result in played():
        axes.plot(seconds, result.waiting(seconds), label=_plain(name))
    axes.set_title("Orders that wait")
    axes.set_xlabel("seconds since the sale began")
    axes.set_xlim(left=0)
    axes.set_ylim(bottom=0)


def _draw_times(axes: Axes) -> None:
    for name, result in played():
        times = sorted(result.seconds_to_confirm)
        percents = [100 * step / _STEPS for step in range(_STEPS + 1)]
        axes.plot(
            percents, [times[round(percent / 100 * (len(times) - 1))] for percent in percents], label=name
        )
    axes.set_title("Seconds from order to confirmation")
    axes.set_xlabel("percent of the orders, the fastest first")
    axes.set_xlim(0, 100)
    axes.set_ylim(bottom=0)


def _plain(name: str) -> str:
    """A name without Markdown."""
    return name.replace("`", "")
