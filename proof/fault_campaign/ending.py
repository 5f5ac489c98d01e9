"""How a case ended: what the embedded run and the simulation must agree about."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from proof.promises import OrderHistory

_VERSION: Final = re.compile(r"(?<=-v)\d+$")
"""Part of the name of an execution; how often a record was written depends on the tries."""

_ONLY_WHILE_IT_WAITS: Final = "Please approve your payment"
"""This mail is not sent any more if the customer was faster."""


@dataclass(frozen=True)
class Ending:
    """How an order ended.

    Attributes:
        order: Its status and failure code.
        paths: The states of each execution; its name is without the order's id.
        mails: The subjects of the mails about it, each once: a mail whose reply is lost is sent again, and
            how often depends on the tries.
        operator_called: Whether an operator had to act.
    """

    order: str
    paths: Mapping[str, tuple[str, ...]]
    mails: tuple[str, ...]
    operator_called: bool


def ending_of(order: OrderHistory, *, operator_called: bool) -> Ending:
    """The ending of an order that has come to rest."""
    return Ending(
        order=order.end,
        paths={
            _VERSION.sub("N", name.removeprefix(order.order_id)) or "first": tuple(
                visit.name for visit in execution.visits
            )
            for name, execution in order.executions.items()
        },
        mails=tuple(each for each in dict.fromkeys(order.subjects) if each != _ONLY_WHILE_IT_WAITS),
        operator_called=operator_called,
    )
