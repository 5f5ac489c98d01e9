"""`make bench`: measures the parts and writes `bench/results.json`."""

import sys
import time
from argparse import Namespace
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any, Final

from proof.bench import calls
from proof.bench.bench_world import BenchWorld
from proof.bench.cold_start import measure_cold_starts
from proof.bench.growth import measure_growth
from proof.bench.latency import measure_latency
from proof.bench.reconciler import measure_reconciler
from proof.bench.results import Conditions, save
from proof.bench.throughput import measure_throughput


@dataclass(frozen=True)
class Part:
    """One measurement.

    Attributes:
        name: Its key in `bench/results.json`.
        what: What it measures, for the person who waits for it.
        measure: Measures, in the embedded run if it needs one, and returns a frozen dataclass of numbers,
            texts, and lists and dicts of those.
    """

    name: str
    what: str
    measure: Callable[[BenchWorld], Any]


PARTS: Final = (
    Part("calls", "what each journey uses of every service", lambda _: calls.measure()),
    Part("cold_starts", "what the start of each function needs", lambda _: measure_cold_starts()),
    Part(
        "latency",
        "how long an order takes, beside the same states with empty functions",
        lambda bench: measure_latency(bench.world, bench.floor),
    ),
    Part(
        "throughput",
        "orders a second, by the number in flight",
        lambda bench: measure_throughput(bench.world, bench.floor),
    ),
    Part(
        "reconciler",
        "what it takes to compare the orders of these measurements with their payments",
        lambda bench: measure_reconciler(bench.world),
    ),
    Part(
        "growth",
        "what grows with lines, stored orders, timelines and a hot SKU",
        lambda bench: measure_growth(bench.world),
    ),
)


def main(arguments: Namespace) -> int:
    """Measure the parts that were named, or all, one after the other.

    Returns:
        The exit code: 0.
    """
    with ExitStack() as stack:
        bench = BenchWorld(stack)
        for part in PARTS:
            if arguments.only and part.name not in arguments.only:
                continue
            conditions, start = Conditions.now(), time.monotonic()
            _print(f"{part.name}: {part.what} ({conditions}) ...")
            measured = part.measure(bench)
            save(part.name, conditions, measured)
            _print(f"{part.name}: {time.monotonic() - start:.0f} s")
    return 0


def _print(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()
