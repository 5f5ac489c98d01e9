"""The consumers of events: what each of them receives, and what it leaves behind for an order.

The simulation delivers to them, and the demo and the table of their faults show what they did. Tests compare
them with the functions in `lambdas/events/` and with the deployed rules.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from lambdas.domain.vocabulary import MAILED_EVENTS, PICK_STATES, EventType, MailFeedback
from proof.port import PlayedWorld

Effects = Callable[[PlayedWorld, str], Sequence[str]]
"""Reads what a consumer has done for an order: a text for each effect."""


@dataclass(frozen=True)
class Consumer:
    """A consumer of events.

    Attributes:
        name: The name of its function's folder.
        makes: What its effects are.
        effects: What it has done for an order.
        receives: The detail types of its events; by default those of all order events.
        batch_size: How many events a call of it gets at most.
    """

    name: str
    makes: str
    effects: Effects
    receives: frozenset[str] = frozenset(EventType)
    batch_size: int = 10


def _audited(world: PlayedWorld, order_id: str) -> Sequence[str]:
    return world.order_events(order_id)


def _mailed(world: PlayedWorld, order_id: str) -> Sequence[str]:
    """All mails about the order, also those that the saga itself sends about its end."""
    record = world.order_record(order_id) or {}
    return world.subjects_of_mail(record["email"], order_id)


def _reported(world: PlayedWorld, order_id: str) -> Sequence[str]:
    record = world.order_record(order_id) or {}
    return [entry["event"] for entry in record["timeline"] if entry["event"] in set(MailFeedback)]


def _to_pick(world: PlayedWorld, order_id: str) -> Sequence[str]:
    pick = world.pick(order_id)
    if pick is None:
        return []
    lines = ", ".join(f"{line['quantity']} x {line['sku']}" for line in pick.get("lines", ()))
    return [f"{pick['state']} ({lines})" if lines else pick["state"]]


CONSUMERS: Final = (
    Consumer("audit_order_events", "audit", _audited),
    Consumer("mail_customers", "mails", _mailed, frozenset(MAILED_EVENTS), batch_size=1),
    Consumer(
        "record_mail_feedback",
        "feedback about mails",
        _reported,
        frozenset(each.detail_type for each in MailFeedback),
    ),
    Consumer("update_pick_list", "pick list", _to_pick, frozenset(PICK_STATES)),
)
