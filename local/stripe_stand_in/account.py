"""The objects of an account: how they are found, changed and shown, and how their changes are reported."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, TypeAlias

from local.stripe_stand_in.events import EVENTS_OF_STATUS, Event, new_event
from local.stripe_stand_in.exchange import ApiRequest, missing

Clock: TypeAlias = Callable[[], float]
"""Returns the time in Unix seconds."""

NewId: TypeAlias = Callable[[str], str]
"""Returns a new id that begins with a prefix, such as `pi_...` for `pi`."""

Deliver: TypeAlias = Callable[[Event], object]
"""Delivers an event to the webhook endpoint, some time after it returns."""

Later: TypeAlias = Callable[[float, Callable[[], object]], object]
"""Calls a function after a number of seconds."""

_PREFIXES: Final = {
    "charge": "ch",
    "customer": "cus",
    "dispute": "dp",
    "payment_intent": "pi",
    "payment_method": "pm",
    "refund": "re",
}

EXPANDABLE: Final = {
    "charge": "charge",
    "customer": "customer",
    "latest_charge": "charge",
    "payment_intent": "payment_intent",
    "payment_method": "payment_method",
}
"""The kinds of the objects that a field can be expanded to (https://docs.stripe.com/api/expanding_objects)."""


class Account:
    """The state behind the API and the dashboard.

    Attributes:
        clock: See `Clock`.
        new_id: See `NewId`.
        later: See `Later`.
        captured_by_hand: Ids of the PaymentIntents that were captured in the dashboard.
    """

    def __init__(self, clock: Clock, new_id: NewId, deliver: Deliver, later: Later) -> None:
        self.clock = clock
        self.new_id = new_id
        self.later = later
        self.captured_by_hand: set[str] = set()
        self._deliver = deliver
        self._objects: defaultdict[str, dict[str, dict[str, Any]]] = defaultdict(dict)

    def add(self, new: Mapping[str, Any]) -> dict[str, Any]:
        """Add an object; returns it with its id and the time of its creation."""
        kind = new["object"]
        added = {"id": self.new_id(_PREFIXES[kind]), **new, "created": int(self.clock())}
        self._objects[kind][added["id"]] = added
        return added

    def change(self, changed: Mapping[str, Any], **fields: object) -> dict[str, Any]:
        """Change fields of an object; returns the object as it is then."""
        kind, object_id = changed["object"], changed["id"]
        self._objects[kind][object_id] = now = {**self._objects[kind][object_id], **fields}
        return now

    def get(self, kind: str, object_id: str | None) -> dict[str, Any] | None:
        """An object, or None if there is none."""
        return self._objects[kind].get(object_id or "")

    def find(self, kind: str, object_id: str, param: str) -> dict[str, Any]:
        """An object.

        Raises:
            RefusedError: There is none; the error names the parameter `param`.
        """
        found = self._objects[kind].get(object_id)
        if found is None:
            raise missing(404, kind, object_id, param)
        return found

    def newest_first(self, kind: str) -> Iterable[dict[str, Any]]:
        """All objects of a kind."""
        return reversed(self._objects[kind].values())

    def oldest_first(self, kind: str) -> Iterable[dict[str, Any]]:
        """All objects of a kind."""
        return self._objects[kind].values()

    def charge_of(self, intent: Mapping[str, Any]) -> dict[str, Any] | None:
        """The latest charge of a PaymentIntent, or None."""
        return self.get("charge", intent["latest_charge"])

    def expanded(self, shown: Mapping[str, Any], paths: Iterable[str]) -> dict[str, Any]:
        """An object or a list with other objects in the place of their ids.

        Args:
            shown: The object.
            paths: Names of fields, such as `latest_charge` or `latest_charge.payment_method`; in a list
                behind `data`.
        """
        expanded = dict(shown)
        for path in paths:
            name, _, rest = path.partition(".")
            further = [rest] if rest else []
            value = expanded.get(name)
            if isinstance(value, list):
                expanded[name] = [self.expanded(each, further) for each in value]
                continue
            inner = self.get(EXPANDABLE[name], value) if isinstance(value, str) else value
            if inner is not None:
                expanded[name] = self.expanded(inner, further)
        return expanded

    def report(
        self, event_type: str, about: Mapping[str, Any], intent: Mapping[str, Any], cause: ApiRequest | None
    ) -> None:
        """Report a change; see `new_event`."""
        event_id, created = self.new_id("evt"), int(self.clock())
        self._deliver(new_event(event_type, about, intent, cause, event_id=event_id, created=created))

    def report_status(self, intent: Mapping[str, Any], cause: ApiRequest | None) -> None:
        """Report that a PaymentIntent has changed to its status."""
        for event_type in EVENTS_OF_STATUS.get(intent["status"], ()):
            about = intent
            if event_type.startswith("charge."):
                about = self.find("charge", intent["latest_charge"], "charge")
            self.report(event_type, about, intent, cause)
