"""`make bench`: measures the parts, prints them, and writes `bench/results.json`."""

import sys
import time
from argparse import Namespace
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from proof.bench import calls
from proof.bench.results import Conditions, save


@dataclass(frozen=True)
class Part:
    """One measurement.

    Attributes:
        name: Its key in `bench/results.json`.
        what: What it measures, for the person who waits for it.
        measure: Measures, and returns a frozen dataclass of numbers, texts, and lists and dicts of those.
    """

    name: str
    what: str
    measure: Callable[[], Any]


PARTS: Final = (Part("calls", "what each journey uses of every service", calls.measure),)


def main(arguments: Namespace) -> int:
    """Measure the parts that were named, or all, one after the other.

    Returns:
        The exit code: 0.
    """
    for part in PARTS:
        if arguments.only and part.name not in arguments.only:
            continue
        conditions, start = Conditions.now(), time.monotonic()
        _print(f"{part.name}: {part.what} ({conditions}) ...")
        measured = part.measure()
        save(part.name, conditions, measured)
        _print(f"{part.name}: {time.monotonic() - start:.0f} s\n{measured}")
    return 0


def _print(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()
