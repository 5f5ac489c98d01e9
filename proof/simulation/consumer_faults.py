"""The faults of the consumers of events, played for each consumer: whom they harm, and what heals them."""

from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from lambdas.domain.vocabulary import MailFeedback
from local.fault_proxy.faults import Fault
from local.users import OPERATOR
from proof.consumers import CONSUMERS
from proof.laws import take_snapshot, violations
from proof.orders import an_order
from proof.payment_scenarios import cancelled_with_refund_that_arrives
from proof.promises import OrderHistory, broken_promises, read_history
from proof.scenarios import submit
from proof.simulation.aws_clients import Service
from proof.simulation.play_case import stocked_tables
from proof.simulation.simulated_world import SimulatedWorld

_MINUTES: Final = 60.0
_PUT_EVENTS: Final = "publish_order_events: events PutEvents"
_POISON: Final = {"source": "orders", "detail-type": "OrderConfirmed", "detail": {}}
"""It has none of the fields that a consumer reads."""

Strike = Callable[[SimulatedWorld, str], AbstractContextManager[None]]
"""Makes a fault of a consumer happen, as long as the context lasts."""


@dataclass(frozen=True)
class ConsumerFault:
    """A fault.

    Attributes:
        what: What happens.
        strike: Makes it happen.
        dead_letters: Whether it leaves dead letters of the consumer.
    """

    what: str
    strike: Strike
    dead_letters: bool = False


@dataclass(frozen=True)
class Aftermath:
    """What the orders of a play have left behind.

    Attributes:
        orders: How each order ended, and the states that its executions entered.
        effects: What each consumer has done, sorted, before an operator acts.
        dead_letters: The number of dead letters of each consumer, before an operator acts.
        redriven: What each consumer has done after the dead letters were sent back.
        breaches: The laws, promises and contracts that are broken after that.
    """

    orders: Sequence[object]
    effects: Mapping[str, Sequence[str]]
    dead_letters: Mapping[str, int]
    redriven: Mapping[str, Sequence[str]]
    breaches: Sequence[str]


def _undisturbed(_world: SimulatedWorld, _consumer: str) -> AbstractContextManager[None]:
    return nullcontext()


@contextmanager
def _down(world: SimulatedWorld, consumer: str, *, seconds: float) -> Generator[None]:
    world.faults.inject(Fault("kill_before", f"queue: lambda Invoke {consumer}", times=None, lasts=seconds))
    yield
    world.faults.clear()


@contextmanager
def _twice(world: SimulatedWorld, consumer: str) -> Generator[None]:
    deliver = world.rules[consumer]

    def deliver_twice(message: Mapping[str, Any]) -> None:
        deliver(message)
        deliver(message)

    world.rules[consumer] = deliver_twice
    yield


@contextmanager
def _answers_lost(world: SimulatedWorld, consumer: str) -> Generator[None]:
    world.faults.inject(Fault("lose_reply", f"queue: lambda Invoke {consumer}", times=2))
    yield


@contextmanager
def _reversed(world: SimulatedWorld, consumer: str) -> Generator[None]:
    held: list[Mapping[str, Any]] = []
    deliver, world.rules[consumer] = world.rules[consumer], held.append
    yield
    for message in reversed(held):
        deliver(message)
        world.rest()


@contextmanager
def _replayed(world: SimulatedWorld, consumer: str, *, days: float) -> Generator[None]:
    seen: list[Mapping[str, Any]] = []
    deliver = world.rules[consumer]

    def deliver_and_keep(message: Mapping[str, Any]) -> None:
        seen.append(message)
        deliver(message)

    world.rules[consumer] = deliver_and_keep
    yield
    world.sleep(round(days * 24 * 60 * _MINUTES * 1000))
    for message in seen:
        deliver(message)
    world.rest()


@contextmanager
def _poisoned(world: SimulatedWorld, consumer: str) -> Generator[None]:
    world.rules[consumer](_POISON)
    yield


@contextmanager
def _throttled(world: SimulatedWorld, _consumer: str) -> Generator[None]:
    world.faults.inject(Fault("throttle", _PUT_EVENTS, times=None, lasts=_MINUTES))
    yield


@contextmanager
def _entries_refused(world: SimulatedWorld, _consumer: str) -> Generator[None]:
    put_events: Service = world.services["events"]
    refused = [{"ErrorCode": "ThrottlingException"}] * 3

    def refuse_some(operation: str, params: Mapping[str, Any]) -> dict[str, Any]:
        if refused:
            return {"FailedEntryCount": 1, "Entries": [refused.pop()]}
        return put_events(operation, params)

    world.services = {**world.services, "events": refuse_some}
    yield


NO_FAULT: Final = ConsumerFault("Nothing fails", _undisturbed)

CONSUMER_FAULTS: Final = (
    ConsumerFault("Its function fails for three minutes", partial(_down, seconds=3 * _MINUTES)),
    ConsumerFault("Its function fails for an hour", partial(_down, seconds=60 * _MINUTES), dead_letters=True),
    ConsumerFault("Each event is delivered to it twice", _twice),
    ConsumerFault("It handles two batches, and Lambda does not learn of it", _answers_lost),
    ConsumerFault("Its events arrive in reverse order", _reversed),
    ConsumerFault("Its events are replayed after a hundred days", partial(_replayed, days=100)),
    ConsumerFault("Its queue has a message that it can't read", _poisoned, dead_letters=True),
    ConsumerFault("EventBridge throttles the publisher for a minute", _throttled),
    ConsumerFault(
        "`PutEvents` succeeds, and its entry is refused (`FailedEntryCount`), three times", _entries_refused
    ),
)


def play(fault: ConsumerFault, consumer: str) -> Aftermath:
    """Play a fault of a consumer in a new world. The process must be prepared with `installed`."""
    with SimulatedWorld(f"{fault.what}: {consumer}", tables=stocked_tables()) as world:
        return world.scheduler.play(lambda: _played(world, fault, consumer))


def outcome(calm: Aftermath, struck: Aftermath, consumer: str) -> str:
    """What a fault has meant for its consumer, for the table."""
    letters = struck.dead_letters[consumer]
    is_same = struck.effects[consumer] == calm.effects[consumer]
    if not letters:
        return "the same" if is_same else "not the same"
    counted = f"{letters} dead letter{'s' * (letters > 1)}"
    if is_same:
        return f"{counted}; else the same"
    is_healed = struck.redriven[consumer] == calm.effects[consumer]
    return f"{counted}; sent back: {'' if is_healed else 'not '}the same"


def differences(calm: Aftermath, struck: Aftermath, fault: ConsumerFault, consumer: str) -> list[str]:
    """What a fault of a consumer has harmed, in words: it must be nothing.

    Args:
        calm: The same orders without a fault.
        struck: The orders with the fault.
        fault: The fault.
        consumer: The consumer.
    """
    others_and_redriven = {**struck.effects, consumer: struck.redriven[consumer]}
    with_dead_letters = [name for name, letters in struck.dead_letters.items() if letters]
    expected_and_seen = {
        "orders": (calm.orders, struck.orders),
        "effects": (calm.effects, others_and_redriven),
        "dead letters": ([consumer] * fault.dead_letters, with_dead_letters),
        "broken": ([], struck.breaches),
    }
    return [
        f"{what}: {seen}, expected {expected}"
        for what, (expected, seen) in expected_and_seen.items()
        if seen != expected
    ]


def _played(world: SimulatedWorld, fault: ConsumerFault, consumer: str) -> Aftermath:
    before = take_snapshot(world)
    with fault.strike(world, consumer):
        orders = [_sent(world), _cancelled(world)]
        world.rest()
    effects, dead_letters = _effects(world, orders), _dead_letters(world)
    world.redrive()
    histories = [history for each in orders if (history := read_history(world, each)) is not None]
    return Aftermath(
        orders=[_course(each) for each in histories],
        effects=effects,
        dead_letters=dead_letters,
        redriven=_effects(world, orders),
        breaches=[
            *(breach for each in histories for breach in broken_promises(each)),
            *violations(before, take_snapshot(world)),
            *world.invariants,
        ],
    )


def _sent(world: SimulatedWorld) -> str:
    """A confirmed order that is sent: its price is refunded in part, three times; a mail bounces."""
    order_id = submit(world, an_order()).order_id
    operator = world.signed_in(OPERATOR).shop
    operator.request("POST", f"/orders/{order_id}/fulfil").raise_for_status()
    (payment,) = (each for each in world.stripe.payments() if each.order_id == order_id)
    for _ in range(2):
        entries = _entries(world, order_id)
        world.stripe.refund_in_dashboard(payment.intent_id, 100)
        world.wait_for(partial(_has_more_entries, world, order_id, entries), "the refund is recorded")
    refund = {"amount": 100, "reason": "A scratch."}
    operator.request(
        "POST", f"/orders/{order_id}/refunds", headers={"Idempotency-Key": "scratch"}, json=refund
    ).raise_for_status()
    world.report_mail(order_id, MailFeedback.BOUNCED)
    return order_id


def _entries(world: SimulatedWorld, order_id: str) -> int:
    return len((world.order_record(order_id) or {})["timeline"])


def _has_more_entries(world: SimulatedWorld, order_id: str, than: int) -> bool:
    return _entries(world, order_id) > than


def _cancelled(world: SimulatedWorld) -> str:
    """A confirmed order that is cancelled: its refund is pending at first, and its mail counts as spam."""
    order_id = cancelled_with_refund_that_arrives(world, an_order()).order_id
    world.report_mail(order_id, MailFeedback.COMPLAINED)
    return order_id


def _effects(world: SimulatedWorld, orders: Sequence[str]) -> dict[str, list[str]]:
    return {
        each.name: sorted(
            f"{n}: {effect}" for n, order_id in enumerate(orders) for effect in each.effects(world, order_id)
        )
        for each in CONSUMERS
    }


def _dead_letters(world: SimulatedWorld) -> dict[str, int]:
    return {name: len(queue.dead_letters) for name, queue in world.consumers.items()}


def _course(order: OrderHistory) -> object:
    executions = order.executions.values()
    return order.end, [(each.status, [visit.name for visit in each.visits]) for each in executions]
