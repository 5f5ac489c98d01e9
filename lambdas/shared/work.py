"""What a function works for: its log lines name it, and so do the entries that it writes on timelines.

Each kind of function calls `at_work` in one place: `endpoint`, `step_handler`, `reconciliation_handler`,
`process_in_order` and `process_messages`.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final

from lambdas.shared.log import log_keys

_WRITER: Final[ContextVar[Mapping[str, str]]] = ContextVar("writer", default={})  # noqa: B039 - never changed


@contextmanager
def at_work(
    *, order_id: str | None = None, execution: str | None = None, request_id: str | None = None
) -> Iterator[None]:
    """Name what the function works for.

    Args:
        order_id: The order.
        execution: Name of the execution at work. It is the writer of all entries.
        request_id: API Gateway's id of the request that caused the work. Without an execution, it is the
            writer of all entries.
    """
    writer = {"execution": execution, "request_id": None if execution else request_id}
    before = _WRITER.set({name: each for name, each in writer.items() if each is not None})
    try:
        with log_keys(order_id=order_id, execution=execution, request_id=request_id):
            yield
    finally:
        _WRITER.reset(before)


def writer() -> Mapping[str, str]:
    """Who writes now, as attributes of an entry: `execution`, `request_id`, or neither."""
    return _WRITER.get()
