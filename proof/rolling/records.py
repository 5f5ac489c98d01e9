"""What a release has written: kept when it is released, and read by all later ones.

A sample is the middle of a journey: the function that is about to run, its event, the records of that moment,
and the requests by which the payments at Stripe came about. `python -m proof record` writes the samples of a
release, and so does `make release`. A test plays each of them to its end with today's code: the function gets
the event of then, every execution of then is lost, and the orders must come to rest all the same.
"""

import json
import sys
from argparse import Namespace
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final

from lambdas.domain import errors
from local.stripe_stand_in.exchange import ApiRequest
from local.stripe_stand_in.payments import StripePayment
from local.users import OPERATOR
from proof.fault_campaign.case import Case
from proof.journeys import JOURNEYS
from proof.laws import Snapshot, take_snapshot, violations
from proof.promises import AT_REST, broken_promises, read_history
from proof.rolling.releases import RELEASED, NoSuchRelease, ReleasedCode, find_release
from proof.simulation.dynamodb import IDEMPOTENCY, INVENTORY, ORDERS, Tables, key_of
from proof.simulation.play_case import play_case, stocked_tables
from proof.simulation.release import Release
from proof.simulation.settling import PERIOD_MS
from proof.simulation.simulated_world import SimulatedWorld, installed

_DEFINITION: Final = "order_saga.json"
_SAMPLES: Final = "samples.jsonl"

_KEPT: Final = (ORDERS, INVENTORY, IDEMPOTENCY)
"""The audit and the pick list follow from these: an operator has the events published again."""

_CALLED_BY_CALLERS: Final = "httpMethod"
"""Part of the events of the API's functions: callers write those, and the webhook's events are Stripe's."""

_EVENT_DEPTH: Final = 3
_MOST_PERIODS: Final = 8
_OWN_ERRORS: Final = frozenset(name for name, each in vars(errors).items() if isinstance(each, type))


@dataclass(frozen=True)
class Sample:
    """The middle of a journey.

    Attributes:
        journey: The journey's key.
        function: The function that is about to run.
        event: Its event.
        at_ms: When that was, in milliseconds since 1970.
        tables: The items of each table, in DynamoDB's form; of the stock, only what was ordered.
        payments: The requests that changed something at Stripe: method, path, parameters, idempotency key,
            and when it failed.
        is_whole: Whether these requests alone make the payments. If a bank or somebody at the dashboard has
            acted, they do not: then the event and the records are read, but the orders can't go on.
    """

    journey: str
    function: str
    event: Mapping[str, Any]
    at_ms: int
    tables: Mapping[str, list[dict[str, Any]]]
    payments: list[tuple[str, str, list[list[str]], str | None, str | None]]
    is_whole: bool = True

    def __str__(self) -> str:
        return f"{self.journey}: {self.function} at {self.at_ms}"

    @property
    def kinds(self) -> Iterator[str]:
        """What it is a sample of: a kind of record, and a kind of event."""
        for item in self.tables[ORDERS]:
            yield f"{item['status']} {item['payment']['M']['status']} {sorted(item)}"
        yield f"{self.function} {sorted(_names(self.event))}"
        for record in self.event.get("Records", ()):
            if "body" in record:
                yield str(json.loads(record["body"]).get("detail-type"))


def main(arguments: Namespace) -> int:
    """Record a version as released.

    Returns:
        The exit code: 0, or 2 if the code of its commit is not at hand.
    """
    try:
        commit = find_release(arguments.commit).commit
        count = record_release(arguments.version, commit)
    except NoSuchRelease as error:
        sys.stderr.write(f"{error}\n")
        return 2
    sys.stdout.write(f"{count} samples of what {arguments.version} writes\n")
    return 0


def record_release(version: str, commit: str) -> int:
    """Record that a version is released, with samples of what its code writes; returns how many.

    Raises:
        NoSuchRelease: The repository's history has no such commit.
    """
    released = ReleasedCode(version, commit)
    release = released.load()
    with installed(release):
        return write_samples(release, [journey.key for journey in JOURNEYS], released.record())


def write_samples(release: Release, journeys: Iterable[str], folder: Path) -> int:
    """Play journeys with a release, and keep a sample of each kind of record and event; returns how many."""
    known: set[str] = set()
    kept: list[Sample] = []
    found = [each for journey in journeys for each in _samples(release, journey)]
    for is_whole in (True, False):
        for sample, payments in found:
            if not known.issuperset(sample.kinds) and _can_be_repeated(sample, payments) is is_whole:
                known.update(sample.kinds)
                kept.append(replace(sample, is_whole=is_whole))
    (folder / _DEFINITION).write_text(f"{json.dumps(release.definition('order_saga'), indent=1)}\n")
    lines = [json.dumps(asdict(each), default=sorted, separators=(",", ":")) for each in kept]
    (folder / _SAMPLES).write_text("".join(f"{line}\n" for line in lines))
    return len(kept)


def read_definition_of(version: str) -> Mapping[str, Any]:
    """The saga's definition of a release, with a placeholder for each function."""
    definition: Mapping[str, Any] = json.loads((RELEASED / version / _DEFINITION).read_text(encoding="utf-8"))
    return definition


def read_samples(version: str) -> list[Sample]:
    """The samples of a release."""
    lines = (RELEASED / version / _SAMPLES).read_text(encoding="utf-8").splitlines()
    return [Sample(**json.loads(line)) for line in lines]


def play_sample(sample: Sample) -> list[str]:
    """Go on from a sample with today's code; returns what is broken, in words."""
    with SimulatedWorld(str(sample), tables=_tables(sample), start_ms=sample.at_ms) as world:
        return world.scheduler.play(lambda: _play(world, sample))


def _play(world: SimulatedWorld, sample: Sample) -> list[str]:
    _repeat_payments(world, sample)
    before = _before_all_orders(world)
    invocation = world.functions.invoke(sample.function, sample.event)
    world.rest()
    error = invocation.ended.value and invocation.ended.value.error
    if error is not None and error not in _OWN_ERRORS:
        return [f"{sample.function} ended with {error}: {invocation.ended.value}"]
    order_ids = [item["order_id"]["S"] for item in world.dynamodb.items(ORDERS)]
    if not sample.is_whole:
        answers = [world.signed_in(OPERATOR).shop.request("GET", f"/orders/{each}") for each in order_ids]
        return [answer.text for answer in answers if not answer.is_success]
    for _ in range(_MOST_PERIODS):
        if _is_at_rest(world):
            break
        world.sleep(PERIOD_MS)
        world.reconcile()
        _retry_flagged(world)
    operator = world.signed_in(OPERATOR).shop
    for order_id in order_ids:
        operator.request("POST", f"/orders/{order_id}/republish").raise_for_status()
        operator.get_order(order_id)
    world.rest()
    histories = (read_history(world, order_id) for order_id in order_ids)
    broken = [each for order in histories if order for each in broken_promises(order, mail_is_read=False)]
    return [*broken, *violations(before, take_snapshot(world)), *world.invariants]


def _samples(release: Release, journey: str) -> list[tuple[Sample, list[StripePayment]]]:
    """All moments at which a function starts, and the payments of those moments.

    There are none if the release can't play the journey.
    """
    samples: list[tuple[Sample, list[StripePayment]]] = []

    def prepare(world: SimulatedWorld) -> None:
        def starts(function: str, event: Mapping[str, Any]) -> None:
            if _CALLED_BY_CALLERS not in event or event["path"].startswith("/webhooks"):
                samples.append((_sample_of(world, journey, function, event), world.stripe.payments()))

        world.deploy(release, pinned=True)
        world.functions.starts = starts

    result = play_case(Case(journey), prepare=prepare)
    return [] if result.breaches or result.interrupted else samples


def _sample_of(world: SimulatedWorld, journey: str, function: str, event: Mapping[str, Any]) -> Sample:
    orders = world.dynamodb.items(ORDERS)
    ordered = {line["M"]["sku"]["S"] for item in orders for line in item["items"]["L"]}
    tables = {name: world.dynamodb.items(name) for name in _KEPT}
    tables[INVENTORY] = [item for item in tables[INVENTORY] if item["sku"]["S"] in ordered]
    payments = [
        (each.method, each.path, [list(pair) for pair in each.params], each.idempotency_key, each.fail)
        for each in world.stripe.requests
        if each.method == "POST"
    ]
    return Sample(journey, function, json.loads(json.dumps(event)), world.scheduler.now, tables, payments)


def _can_be_repeated(sample: Sample, payments: list[StripePayment]) -> bool:
    """Whether the requests alone make the payments: no bank and nobody at the dashboard has acted."""
    with SimulatedWorld(str(sample), tables=_tables(sample), start_ms=sample.at_ms) as world:
        _repeat_payments(world, sample)
        return world.stripe.payments() == payments


def _tables(sample: Sample) -> Tables:
    tables = {name: dict(items) for name, items in stocked_tables().items()}
    for name, items in sample.tables.items():
        tables[name] |= {key_of(name, item): item for item in items}
    return tables


def _repeat_payments(world: SimulatedWorld, sample: Sample) -> None:
    """Let the payments come about again; no webhook about that arrives."""
    world.stripe.hold_webhooks()
    for method, path, params, key, fail in sample.payments:
        fields = tuple((name, value) for name, value in params)
        world.stripe.handle(ApiRequest(method, path, fields, "sk_test_simulated", key, fail=fail))
    world.stripe.lose_webhooks()
    world.stripe.reset_webhooks()


def _before_all_orders(world: SimulatedWorld) -> Snapshot:
    """The world without its orders: their stock is there, and nobody has paid."""
    stock = Counter(take_snapshot(world).stock)
    for item in world.items(ORDERS):
        if item["stock_taken"]:
            stock.update({line["sku"]: int(line["quantity"]) for line in item["items"]})
            for refund in item.get("refunds", ()):
                if refund.get("restocked_at"):
                    stock.subtract({sku: int(units) for sku, units in refund["items"].items()})
    return Snapshot(orders=(), payments=(), stock=dict(stock))


def _is_at_rest(world: SimulatedWorld) -> bool:
    return all(item["status"] in AT_REST and "unsettled_shard" not in item for item in world.items(ORDERS))


def _retry_flagged(world: SimulatedWorld) -> None:
    operator = world.signed_in(OPERATOR).shop
    for item in world.items(ORDERS):
        if item["status"] == "NEEDS_ATTENTION":
            operator.request("POST", f"/orders/{item['order_id']}/retry")
    world.rest()


def _names(value: object, depth: int = _EVENT_DEPTH) -> Iterator[str]:
    """The names of the fields of an event; those of a record in it are the record's."""
    match value:
        case dict() if depth:
            for name, each in value.items():
                yield name
                yield from _names(each, depth - 1)
        case [first, *_]:
            yield from _names(first, depth)
