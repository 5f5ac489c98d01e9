"""Idempotency keys: a request that is sent again with its key is done once."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer

from cli.connection import Connection
from cli.errors import Unavailable

KeyOption = Annotated[
    str | None,
    typer.Option("--key", help="The Idempotency-Key, to send a request again.", show_default="a new one"),
]


@contextmanager
def told_key(connection: Connection, key: str | None) -> Iterator[str]:
    """Choose a key, if there is none, and tell it: before the request, which may never be answered.

    Raises:
        Unavailable: The request failed; says how to send it again.
    """
    key = key or str(uuid.uuid4())
    connection.output.remark(f"Idempotency-Key: {key}")
    try:
        yield key
    except Unavailable as failure:
        failure.hints.append(f"Done or not, send it again with --key {key}: it is done once.")
        raise
