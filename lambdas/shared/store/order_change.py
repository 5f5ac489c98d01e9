"""A change of an order, and its trace in the order's timeline: always one write."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from boto3.dynamodb.conditions import Attr, ConditionBase

from lambdas.domain import clock
from lambdas.shared.store.expressions import Update
from lambdas.shared.work import writer


@dataclass(frozen=True, slots=True)
class Change:
    """A conditional change of an order.

    Attributes:
        event: Entry in the timeline, in the past tense.
        condition: Must hold for the order as it is stored; otherwise nothing is written.
        set: New values by the path of their attribute, such as `payment.status`.
        add: Members to add to sets, by their attribute.
        remove: Paths of the attributes to remove.
    """

    event: str
    condition: ConditionBase
    set: Mapping[str, Any] = field(default_factory=dict)
    add: Mapping[str, frozenset[str]] = field(default_factory=dict)
    remove: tuple[str, ...] = ()

    def as_update(self, order_id: str) -> Update:
        """The change with everything that each change writes: its time, a new version, a timeline entry.

        The entry names its writer; see `lambdas.shared.work`. The name of an execution begins with the id of
        the order, which is not stored again: an item of more than 1 KB costs a second write unit.
        """
        entry = {name: each.removeprefix(order_id) for name, each in writer().items()}
        at = clock.now()
        return Update(
            condition=Attr("order_id").exists() & self.condition,
            set={**self.set, "updated_at": at},
            add={**self.add, "version": 1},
            append={"timeline": [{"at": at, "event": self.event, **entry}]},
            remove=self.remove,
        )
