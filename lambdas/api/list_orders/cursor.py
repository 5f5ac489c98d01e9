"""Signed cursors: the position at which the next page of a listing begins.

A cursor holds only the time and id of the last order. Its signature covers the caller and the filter too, so
a cursor that was forged, or issued for another caller or filter, is rejected.
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, NamedTuple

from lambdas.shared.rest.problem import FieldError, invalid_request

_SIGNATURE_BYTES: Final = 16


class Position(NamedTuple):
    """A position in a listing, whose orders descend by time, then by id.

    Attributes:
        created_at: UTC, ISO 8601, or a prefix of it.
        order_id: The last order before the position; empty if all orders of that time come before it.
    """

    created_at: str
    order_id: str


@dataclass(frozen=True, slots=True)
class CursorSigner:
    """Issues and verifies cursors.

    Attributes:
        read_key: Returns the key of the signatures; called only when a cursor is issued or verified.
        scope: The caller and the filter.
    """

    read_key: Callable[[], str]
    scope: tuple[str | None, ...]

    def sign(self, position: Position) -> str:
        """Issue a cursor."""
        payload = json.dumps(position, separators=(",", ":")).encode()
        return base64.urlsafe_b64encode(self._signature(payload) + payload).decode().rstrip("=")

    def read(self, cursor: str) -> Position:
        """Verify a cursor and return its position.

        Raises:
            Problem: The cursor was not issued for this scope (400).
        """
        try:
            token = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        except ValueError:
            token = b""
        signature, payload = token[:_SIGNATURE_BYTES], token[_SIGNATURE_BYTES:]
        if not hmac.compare_digest(signature, self._signature(payload)):
            raise invalid_request(
                FieldError(
                    "cursor", "must be the cursor of the previous page, for the same caller and filter"
                )
            )
        return Position(*json.loads(payload))

    def _signature(self, payload: bytes) -> bytes:
        message = json.dumps(self.scope).encode() + b"\0" + payload
        return hmac.digest(self.read_key().encode(), message, hashlib.sha256)[:_SIGNATURE_BYTES]
