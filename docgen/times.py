"""The tables of docs/performance.md about time, CPU, growth and cold starts, from what was measured last."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from docgen.reconciliation_load import RATES, run_calls
from lambdas.domain.vocabulary import ReconciliationScope
from local.processes import REPOSITORY
from proof.bench.cold_start import ColdStarts
from proof.bench.cpu_use import EMULATOR, NO_FUNCTIONS
from proof.bench.growth import Growth, OrderUse
from proof.bench.latency import Latency
from proof.bench.plots import cold_starts_plot, growth_plot, latency_plot, throughput_plot
from proof.bench.reconciler import Reconciler
from proof.bench.results import conditions_of, read
from proof.bench.spread import Spread
from proof.bench.throughput import Throughput
from proof.journey import path


def times_tables() -> Mapping[str, str]:
    """Make the tables, each below the conditions under which its part was measured."""
    latency, throughput = read("latency", Latency), read("throughput", Throughput)
    growth, starts = read("growth", Growth), read("cold_starts", ColdStarts)
    return {
        "latency": _under_conditions("latency", latency_table(latency)),
        "CPU": cpu_table(latency),
        "throughput": _under_conditions("throughput", throughput_table(throughput)),
        "lines": _under_conditions("growth", lines_table(growth)),
        "stored": stored_table(growth),
        "timeline": timeline_table(growth),
        "hot SKU": hot_sku_table(growth),
        "reconciler": _under_conditions("reconciler", reconciler_table(read("reconciler", Reconciler))),
        "cold starts": _under_conditions("cold_starts", cold_start_table(starts)),
        "packages": package_table(starts),
        "bytecode": bytecode_sentence(starts),
    }


def times_plots() -> Mapping[Path, str]:
    """Draw what the page shows."""
    images = REPOSITORY / "docs" / "images"
    return {
        images / "bench-latency.svg": latency_plot(read("latency", Latency)),
        images / "bench-throughput.svg": throughput_plot(read("throughput", Throughput)),
        images / "bench-growth.svg": growth_plot(read("growth", Growth)),
        images / "bench-cold-start.svg": cold_starts_plot(read("cold_starts", ColdStarts)),
    }


def _under_conditions(part: str, table: str) -> str:
    return f"*{conditions_of(part)}*\n\n{table}"


def latency_table(latency: Latency) -> str:
    """Each part of an order's time beside the same with functions that do nothing."""
    rows = [
        ("`POST /orders` returns", latency.accepted, None),
        ("the stream starts the execution", latency.started, None),
        *(
            (f"`{name}`", latency.states[name], latency.floor_states[name])
            for name in path({})
            if name in latency.states
        ),
        ("all four states", latency.execution, latency.floor_execution),
        ("**from the request to `OrderConfirmed`**", latency.confirmed, None),
    ]
    return _table(
        ["ms", "p50", "p95", "p99", "empty functions: p50", "p95", "p99"],
        ([what, *_three(spread), *_three(floor)] for what, spread, floor in rows),
    )


def cpu_table(latency: Latency) -> str:
    """The CPU time of each function for one order."""
    functions = {name: ms for name, ms in latency.cpu_ms.items() if name not in NO_FUNCTIONS}
    largest_first = sorted(functions.items(), key=lambda item: (-item[1], item[0]))
    return _table(
        ["function", "CPU ms for each order"],
        [
            *([f"`{name}`", f"{ms:.1f}"] for name, ms in largest_first),
            ["**together** (target: 80)", f"**{latency.functions_cpu_ms:.0f}**"],
            ["share of the median time to `OrderConfirmed` (target: 10 %)", f"{latency.own_share:.1%}"],
        ],
    )


def throughput_table(throughput: Throughput) -> str:
    """The rate for each number of orders in flight, and where the CPU time goes."""
    rows = []
    for load in throughput.loads:
        emulator = load.cpu_ms.get(EMULATOR, 0)
        ours = sum(ms for name, ms in load.cpu_ms.items() if name not in NO_FUNCTIONS)
        others = sum(load.cpu_ms.values()) - emulator - ours
        rows.append(
            [
                *(load.in_flight, f"{load.orders_per_second:.1f}", f"{load.floor_per_second:.1f}"),
                *(f"{ours:.0f}", f"{emulator:.0f}", f"{others:.0f}", f"{load.busy_cores:.1f}"),
                *(load.retries, load.workers_started),
            ]
        )
    return _table(
        [
            *("in flight", "orders a second", "empty executions a second", "CPU ms an order: our functions"),
            *("emulated AWS", "others", "busy cores", "retries", "workers started"),
        ],
        rows,
    )


def lines_table(growth: Growth) -> str:
    """The use of an order by the number of its lines."""
    return _table(
        ["lines", "calls", "read units", "write units", "execution, ms (p50)", "CPU of our functions, ms"],
        (
            [lines, *_use(use), f"{seen.execution.p50:.0f}", f"{seen.functions_cpu_ms:.0f}"]
            for (lines, use), seen in zip(growth.lines.items(), growth.lines_time.values(), strict=True)
        ),
    )


def stored_table(growth: Growth) -> str:
    """The use of an order by the number of orders in the table."""
    return _table(
        ["orders in the table", "calls", "read units", "write units"],
        ([f"{int(stored):,}", *_use(use)] for stored, use in growth.stored.items()),
    )


def timeline_table(growth: Growth) -> str:
    """The use of one read and one change of an order by the length of its timeline."""
    return _table(
        ["entries", "KB", "units to read it", "units to change it", "CPU ms to read it"],
        (
            [
                f"{int(entries):,}",
                f"{use.record_bytes / 1024:.1f}",
                f"{use.read_units:g}",
                use.write_units,
                f"{use.read_ms:g}",
            ]
            for entries, use in growth.timeline.items()
        ),
    )


def hot_sku_table(growth: Growth) -> str:
    """The rate with one SKU that all orders want."""
    return _table(
        ["orders in flight", "all want one SKU", "each wants another", "ratio"],
        [
            [
                *(growth.in_flight, f"{growth.hot_per_second:.1f}/s", f"{growth.spread_per_second:.1f}/s"),
                f"{growth.hot_share:.2f}",
            ]
        ],
    )


def reconciler_table(reconciler: Reconciler) -> str:
    """The CPU time of a run at several rates of orders, as far as it was measured."""
    rows = []
    for rate in RATES:
        scope = ReconciliationScope.RECENT
        orders = rate * scope.window.total_seconds()
        rows.append(
            [
                *(f"{rate:g}", f"{orders:,.0f}", f"{run_calls(rate, scope).minutes:.1f}"),
                f"{orders * reconciler.cpu_ms_per_order / 60_000:.1f}",
            ]
        )
    return _table(["orders a second", "orders", "minutes of calls", "minutes of CPU"], rows)


def cold_start_table(starts: ColdStarts) -> str:
    """The start of every function beside its SDKs alone."""
    ordered = sorted(starts.functions.items(), key=lambda item: item[1].cpu_ms, reverse=True)
    return _table(
        ["function", "CPU ms", "of its SDKs", "ratio", "MB"],
        (
            [
                f"`{name}`",
                f"{each.cpu_ms:.0f}",
                f"{each.sdks_cpu_ms:.0f}",
                f"{each.ratio:.2f}",
                f"{each.memory_mb:.0f}",
            ]
            for name, each in ordered
        ),
    )


def bytecode_sentence(starts: ColdStarts) -> str:
    """What a start needs if Python compiles all that it imports."""
    usual = starts.functions["charge_payment"].cpu_ms
    return (
        f"Without bytecode, Python compiles all that `charge_payment` imports:"
        f" {starts.compiled_again_ms:,.0f} ms of CPU instead of {usual:,.0f} ms."
        " In the cloud, the layer and our code come without it."
    )


def package_table(starts: ColdStarts) -> str:
    """The sizes of what Lambda loads; its limits are 250 MB together, and 50 MB for an upload by its API."""
    rows = [("code of all functions", starts.asset), ("layer with the dependencies", starts.layer)]
    return _table(
        ["", "MB", "zipped"],
        ([name, f"{package.mb:.1f}", f"{package.zipped_mb:.1f}"] for name, package in rows),
    )


def _use(use: OrderUse) -> tuple[object, ...]:
    return use.calls, f"{use.read_units:g}", use.write_units


def _three(spread: Spread | None) -> Sequence[str]:
    return ["", "", ""] if spread is None else [f"{ms:.0f}" for ms in (spread.p50, spread.p95, spread.p99)]


def _table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(map(str, line))} |" for line in lines)
