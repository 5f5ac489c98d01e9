"""The plots of docs/performance.md, as SVG, drawn from what was measured last."""

from collections.abc import Mapping, Sequence
from io import BytesIO
from typing import Final

from matplotlib.axes import Axes
from matplotlib.ticker import ScalarFormatter

from proof.bench.cold_start import ColdStarts
from proof.bench.cpu_use import EMULATOR, NO_FUNCTIONS
from proof.bench.growth import Growth
from proof.bench.latency import Latency
from proof.bench.throughput import Throughput
from proof.journey import path
from proof.svg_plot import svg_plot

_OURS: Final = "#1f77b4"
_FLOOR: Final = "#bbbbbb"
_OTHERS: Final = "#ff9f40"
_BAR: Final = 0.38


def latency_plot(latency: Latency) -> str:
    """Each state beside the same state with a function that does nothing."""
    drawn = BytesIO()
    names = [name for name in path({}) if name in latency.states]
    with svg_plot(drawn, height=3.8) as figure:
        axes = figure.add_subplot()
        for shift, label, color, spreads in (
            (-_BAR / 2, "the saga", _OURS, latency.states),
            (_BAR / 2, "the same states with empty functions", _FLOOR, latency.floor_states),
        ):
            medians = [spreads[name].p50 for name in names]
            above = [spreads[name].p95 - spreads[name].p50 for name in names]
            places = [place + shift for place in range(len(names))]
            axes.bar(places, medians, _BAR, label=label, color=color)
            axes.errorbar(places, medians, [[0.0] * len(names), above], fmt="none", ecolor="black", capsize=3)
        axes.set_xticks(range(len(names)), names)
        axes.set_ylabel("ms: bar to the median, line to p95")
        axes.grid(visible=False, axis="x")
        figure.legend(loc="outside lower center", ncols=2)
    return drawn.getvalue().decode()


def throughput_plot(throughput: Throughput) -> str:
    """The rate over the number of orders in flight, and where the CPU time goes."""
    drawn = BytesIO()
    loads = throughput.loads
    in_flight = [load.in_flight for load in loads]
    with svg_plot(drawn, width=10) as figure:
        rate, cpu = figure.subplots(1, 2)
        rate.plot(in_flight, [load.orders_per_second for load in loads], "o-", color=_OURS, label="orders")
        rate.plot(
            in_flight,
            [load.floor_per_second for load in loads],
            "o--",
            color="gray",
            label="executions with empty functions",
        )
        _in_powers_of_two(rate, in_flight)
        rate.set_ylim(bottom=0)
        rate.set_xlabel("in flight")
        rate.set_ylabel("a second")
        rate.legend(loc="lower center", bbox_to_anchor=(0.5, 1), ncols=2)
        parts = {
            "our functions": [_functions_of(load.cpu_ms) for load in loads],
            "emulated AWS": [load.cpu_ms.get(EMULATOR, 0) for load in loads],
            "other processes": [
                sum(used for role, used in load.cpu_ms.items() if role in NO_FUNCTIONS - {EMULATOR})
                for load in loads
            ],
        }
        below = [0.0] * len(loads)
        for (label, values), color in zip(parts.items(), (_OURS, _FLOOR, _OTHERS), strict=True):
            cpu.bar(range(len(loads)), values, bottom=below, label=label, color=color)
            below = [under + value for under, value in zip(below, values, strict=True)]
        cpu.set_xticks(range(len(loads)), [str(each) for each in in_flight])
        cpu.set_xlabel("in flight")
        cpu.set_ylabel("CPU ms for each order")
        cpu.grid(visible=False, axis="x")
        cpu.legend(loc="lower center", bbox_to_anchor=(0.5, 1), ncols=3)
    return drawn.getvalue().decode()


def growth_plot(growth: Growth) -> str:
    """Units and time over the number of lines, and units over the number of stored orders."""
    drawn = BytesIO()
    lines = [int(each) for each in growth.lines]
    with svg_plot(drawn, width=10, height=3.5) as figure:
        units, seconds, stored = figure.subplots(1, 3)
        _plot(units, lines, [each.write_units for each in growth.lines.values()], "write units")
        _plot(units, lines, [each.read_units for each in growth.lines.values()], "read units", "s--")
        units.set_xlabel("lines of an order")
        units.set_ylabel("units of DynamoDB for an order")
        times = growth.lines_time.values()
        _plot(seconds, lines, [each.execution.p50 for each in times], "execution, median")
        _plot(seconds, lines, [each.functions_cpu_ms for each in times], "CPU of our functions", "s--")
        seconds.set_xlabel("lines of an order")
        seconds.set_ylabel("ms for an order")
        in_table = [int(each) for each in growth.stored]
        of_stored = [each.write_units + each.read_units for each in growth.stored.values()]
        stored.bar([f"{count:,}" for count in in_table], of_stored, color=_OURS)
        stored.set_ylim(top=1.2 * max(of_stored))
        stored.set_xlabel("orders in the table")
        stored.set_ylabel("units of DynamoDB for an order")
        stored.grid(visible=False, axis="x")
    return drawn.getvalue().decode()


def cold_starts_plot(starts: ColdStarts) -> str:
    """The CPU time of each function's start: that of its SDKs, and the rest."""
    drawn = BytesIO()
    names = sorted(starts.functions, key=lambda name: starts.functions[name].cpu_ms)
    functions = [starts.functions[name] for name in names]
    with svg_plot(drawn, height=7) as figure:
        axes = figure.add_subplot()
        sdks = [min(each.sdks_cpu_ms, each.cpu_ms) for each in functions]
        rest = [each.cpu_ms - of_sdks for each, of_sdks in zip(functions, sdks, strict=True)]
        axes.barh(names, sdks, color=_FLOOR, label="Python, the runtime client and SDKs")
        axes.barh(names, rest, left=sdks, color=_OURS, label="the rest: our code")
        axes.set_xlabel("CPU ms from the start of the process to its first request for an invocation")
        axes.tick_params(axis="y", labelsize=8)
        axes.grid(visible=False, axis="y")
        figure.legend(loc="outside lower center", ncols=2)
    return drawn.getvalue().decode()


def _functions_of(cpu_ms: Mapping[str, float]) -> float:
    return sum(used for role, used in cpu_ms.items() if role not in NO_FUNCTIONS)


def _plot(axes: Axes, x: Sequence[int], y: Sequence[float], label: str, style: str = "o-") -> None:
    axes.plot(x, y, style, label=label)
    axes.set_ylim(0, max(1.1 * max(y), axes.get_ylim()[1]))
    axes.legend()


def _in_powers_of_two(axes: Axes, numbers: Sequence[int]) -> None:
    axes.set_xscale("log", base=2)
    axes.set_xticks(numbers)
    axes.xaxis.set_major_formatter(ScalarFormatter())
