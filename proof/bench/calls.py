"""Counts what each journey uses of every service.

The journeys are played in the simulation, which runs the deployed functions and the deployed definition: the
counts are exact and the same each time. A test holds the happy journey's calls to those that the proxy counts
in the embedded run.

Not counted: calls that only look at an order, reads of secrets (which a function keeps), and what is polled
whether there are orders or not. The keys of log lines can mix while two invocations overlap, so their size is
accurate to some percent. They also contain durations in real time, whose digits vary.
"""

import logging
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from io import StringIO
from typing import Any, Final
from unittest.mock import patch

from aws_lambda_powertools import Metrics
from typing_extensions import override

from lambdas.shared import metrics
from lambdas.shared.log import logger
from local.fault_proxy.recording import Call
from local.saga_control import StateVisit
from proof.bench.capacity import MeteredTables, Units
from proof.journey import Journey
from proof.journeys import JOURNEYS
from proof.simulation.dynamodb import ORDERS
from proof.simulation.functions import current_invocation
from proof.simulation.play_case import stocked_tables
from proof.simulation.simulated_world import SAGA, SimulatedWorld, installed

STRIPE_CALLS: Final = {
    "stripe POST /v1/payment_intents": "create",
    "stripe POST /v1/payment_intents/{id}/confirm": "confirm",
    "stripe GET /v1/payment_intents/{id}": "retrieve",
    "stripe POST /v1/payment_intents/{id}/cancel": "cancel",
    "stripe POST /v1/payment_intents/{id}/capture": "capture",
    "stripe POST /v1/refunds": "refund",
    "stripe GET /v1/refunds": "list refunds",
    "stripe GET /v1/disputes": "list disputes",
}
"""The kinds of calls to Stripe."""

NOT_COUNTED: Final = frozenset({"get_order", "put_inventory"})
"""Functions that a journey calls to look at its order, or to prepare its stock."""

_INVOKE: Final = "lambda Invoke "
_SECRETS: Final = "secretsmanager "


@dataclass(frozen=True)
class FunctionUse:
    """What a function used.

    Attributes:
        invocations: Number of invocations.
        calls: Its calls, such as `dynamodb GetItem orders`.
        read_units: Read units of DynamoDB.
        write_units: Write units of DynamoDB, those of indexes included.
        log_bytes: Size of its log lines, metrics included.
    """

    invocations: int
    calls: dict[str, int]
    read_units: float
    write_units: int
    log_bytes: int


@dataclass(frozen=True)
class JourneyUse:
    """What a journey used.

    Attributes:
        orders: Number of orders; two customers race for the last unit.
        functions: What each function used.
        transitions: State transitions; every try of a task counts
            (https://aws.amazon.com/step-functions/pricing/).
        history_events: Events in the histories of the executions, each of which is logged.
        stripe: Calls to Stripe about the order that the journey follows, by kind.
        api_requests: Requests to the REST API, webhooks included.
        events: Events that were put on the bus.
        queue_requests: Requests to SQS: each message is sent, and each batch is received and deleted.
        mails: Mails that SES accepted.
    """

    orders: int
    functions: dict[str, FunctionUse]
    transitions: int
    history_events: int
    stripe: dict[str, int]
    api_requests: int
    events: int
    queue_requests: int
    mails: int

    @property
    def invocations(self) -> int:
        """Invocations of all functions."""
        return sum(each.invocations for each in self.functions.values())

    def calls_of(self, service: str) -> int:
        """Calls of all functions to a service, such as `dynamodb`."""
        return sum(
            times
            for each in self.functions.values()
            for call, times in each.calls.items()
            if call.startswith(f"{service} ")
        )


@dataclass(frozen=True)
class Calls:
    """What each journey used, by its key."""

    journeys: dict[str, JourneyUse]


def measure() -> Calls:
    """Play every journey, and count."""
    with counting():
        return Calls({journey.key: count(journey) for journey in JOURNEYS})


@contextmanager
def counting() -> Iterator[None]:
    """Prepare the process for `count`, as long as the context lasts."""
    formatter = logger.registered_formatter
    with installed():
        lines = _Lines()
        lines.setFormatter(formatter)
        with (
            patch.object(logger._logger, "handlers", [lines]),  # noqa: SLF001 - Powertools has no other way
            patch.object(metrics, "Metrics", Metrics),
            redirect_stdout(_Printed()),
        ):
            level = logger.log_level
            logger.setLevel(logging.INFO)
            try:
                yield
            finally:
                logger.setLevel(level)


def count(journey: Journey) -> JourneyUse:
    """Play a journey in a new world until nothing more happens, and count."""
    with SimulatedWorld(journey.key, tables=stocked_tables()) as world:
        return world.scheduler.play(lambda: _played(world, journey))


class _Lines(logging.Handler):
    """Counts the bytes of log lines."""

    @override
    def emit(self, record: logging.LogRecord) -> None:
        _count_bytes(f"{self.format(record)}\n")


class _Printed(StringIO):
    """Counts the bytes of printed lines, which are metrics."""

    @override
    def write(self, text: str, /) -> int:
        _count_bytes(text)
        return len(text)


_log_bytes: Final[Counter[str]] = Counter()
"""The size of the lines of each function, of the journey that is played now."""


def _count_bytes(text: str) -> None:
    _log_bytes[current_invocation().function] += len(text.encode())


def _played(world: SimulatedWorld, journey: Journey) -> JourneyUse:
    _log_bytes.clear()
    tables, entries = MeteredTables(world.dynamodb), list[object]()
    serve_bus = world.services["events"]

    def put_events(operation: str, params: Mapping[str, Any]) -> dict[str, Any]:
        entries.extend(params["Entries"])
        answer: dict[str, Any] = serve_bus(operation, params)
        return answer

    world.services = {**world.services, "dynamodb": tables.handle, "events": put_events}
    followed = journey.run(world)
    world.faults.clear()
    world.stripe.reset_webhooks()
    world.rest()

    calls = [call for call in world.faults.calls() if _is_counted(call.name)]
    invoked_by = Counter(call.name.split(_INVOKE)[0] for call in calls if _INVOKE in call.name)
    executions = [each for (machine, _), each in world.step_functions.executions.items() if machine == SAGA]
    return JourneyUse(
        orders=len(world.items(ORDERS)),
        functions=_by_function(calls, tables.used),
        transitions=sum(max(1, visit.attempts) for each in executions for visit in each.visits),
        history_events=sum(2 + sum(map(_history_events, each.visits)) for each in executions),
        stripe=_stripe_calls(calls, followed.order_id),
        api_requests=invoked_by["api: "],
        events=len(entries),
        queue_requests=sum(queue.sent for queue in world.queues) + 2 * invoked_by["queue: "],
        mails=len(world.mail),
    )


def _is_counted(call: str) -> bool:
    who, _, what = call.partition(": ")
    function = what.removeprefix(_INVOKE) if what.startswith(_INVOKE) else who
    return function not in NOT_COUNTED and not what.startswith(_SECRETS)


def _by_function(calls: Iterable[Call], units: Mapping[str, Units]) -> dict[str, FunctionUse]:
    invocations, made = Counter[str](), defaultdict[str, Counter[str]](Counter)
    for call in calls:
        who, _, what = call.name.partition(": ")
        if what.startswith(_INVOKE):
            invocations[what.removeprefix(_INVOKE)] += 1
        else:
            made[who][what] += 1
    return {
        function: FunctionUse(
            invocations=times,
            calls=dict(sorted(made[function].items())),
            read_units=units.get(function, Units()).reads,
            write_units=units.get(function, Units()).writes,
            log_bytes=_log_bytes[function],
        )
        for function, times in sorted(invocations.items())
    }


def _stripe_calls(calls: Iterable[Call], order_id: str) -> dict[str, int]:
    kinds = Counter(
        STRIPE_CALLS[call.name.partition(": ")[2]]
        for call in calls
        if ": stripe " in call.name and call.order_id == order_id
    )
    return dict(sorted(kinds.items()))


def _history_events(visit: StateVisit) -> int:
    """The state is entered and left; each try of its task is scheduled, started and ended."""
    return 2 + 3 * visit.attempts
