"""Idempotency keys: a request that is sent twice with the same key takes effect once."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer

from cli.connection import Connection
from cli.errors import Unavailable

KeyOption = Annotated[
    str | None,
    typer.Option(
        "--key", help="Idempotency key of an earlier request, to send it again.", show_default="a new key"
    ),
]


@contextmanager
def printed_key(connection: Connection, key: str | None) -> Iterator[str]:
    """Print the given key, or a new one, before the request is sent.

    Raises:
        Unavailable: The outcome of the request is unknown. A hint tells how to send it again.
    """
    key = key or str(uuid.uuid4())
    connection.output.remark(f"Idempotency-Key: {key}")
    try:
        yield key
    except Unavailable as failure:
        failure.hints.append(f"It is safe to send it again with --key {key}.")
        raise
