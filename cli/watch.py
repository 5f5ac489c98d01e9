"""Watches an order until it is at rest."""

import time
from collections.abc import Iterator
from typing import Final

from cli.api import ShopApi
from cli.connection import Connection
from cli.errors import CommandFailed, UnexpectedEnd
from cli.order_state import advice, is_at_rest
from cli.screens import Snapshot, screen_for
from cli.shapes import ExecutionJson, OrderJson

_PAUSE_SECONDS: Final = 0.5
_LONG_PAUSE_SECONDS: Final = 2.0
_SOON_SECONDS: Final = 30.0
"""Most orders are at rest by then. The others wait for a person, and are read less often."""

_LAST_STATES_SECONDS: Final = 10.0
"""How long to wait for the end of the executions once the order is at rest."""


def watch(connection: Connection, order_id: str, *, expected: frozenset[str]) -> None:
    """Show an order until it is at rest.

    Args:
        connection: Connection to the shop.
        order_id: Id of the order.
        expected: Final statuses that count as success.

    Raises:
        UnexpectedEnd: The order ends with another status.
    """
    has_stand_in = connection.target.stand_in_url is not None

    def advise(order: OrderJson) -> str | None:
        return advice(order, has_stand_in=has_stand_in)

    with screen_for(connection.output, advise) as show:
        for snapshot in snapshots(connection, order_id):
            show(snapshot)
    if snapshot.order["status"] not in expected:
        failure = snapshot.order.get("failure")
        raise UnexpectedEnd(f"The order is {snapshot.order['status']}", failure["message"] if failure else "")


def snapshots(connection: Connection, order_id: str) -> Iterator[Snapshot]:
    """Poll an order until it is at rest and its executions have ended."""
    executions = _VisibleExecutions(connection)
    began = time.monotonic()
    at_rest_since: float | None = None
    while True:
        snapshot = Snapshot(connection.api.get_order(order_id), executions.of_order(order_id))
        yield snapshot
        now = time.monotonic()
        if is_at_rest(snapshot.order):
            at_rest_since = at_rest_since or now
            running = any(each["status"] == "RUNNING" for each in snapshot.executions or ())
            if not running or now - at_rest_since > _LAST_STATES_SECONDS:
                return
        connection.wiring.sleep(_PAUSE_SECONDS if now - began < _SOON_SECONDS else _LONG_PAUSE_SECONDS)


class _VisibleExecutions:
    """Executions of an order; None as soon as reading them has failed, because they are optional."""

    def __init__(self, connection: Connection) -> None:
        wiring, token = connection.wiring, connection.target.operator_token
        self._api: ShopApi | None = None
        if token is not None:
            self._api = ShopApi(connection.target.api_url, token, transport=wiring.transport, attempts=1)

    def of_order(self, order_id: str) -> list[ExecutionJson] | None:
        if self._api is not None:
            try:
                return self._api.list_executions(order_id)["executions"]
            except CommandFailed:
                self._api = None
        return None
