"""Where the next page of a listing begins, for nobody else and for no other listing.

A cursor is signed together with who asked for what: one that was changed, made up, or given for another
caller or another filter is refused. There is no more in it than the last order's time and id.
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, NamedTuple

from lambdas.shared.rest.http_api import FieldError, invalid_request

_SIGNATURE_BYTES: Final = 16


class Position(NamedTuple):
    """A place between two orders, as they are listed: by time and id, the highest first.

    Attributes:
        created_at: UTC, ISO 8601, or the beginning of it.
        order_id: The order before this place; empty if all of that time come before it.
    """

    created_at: str
    order_id: str


@dataclass(frozen=True, slots=True)
class CursorSigner:
    """Makes cursors and reads them.

    Attributes:
        read_key: Gives the key of the signatures; only asked when there is something to sign or to check.
        scope: Who asks for which listing.
    """

    read_key: Callable[[], str]
    scope: tuple[str | None, ...]

    def sign(self, position: Position) -> str:
        """Make a cursor."""
        payload = json.dumps(position, separators=(",", ":")).encode()
        return base64.urlsafe_b64encode(self._signature(payload) + payload).decode().rstrip("=")

    def read(self, cursor: str) -> Position:
        """Read a cursor that was made for the same scope.

        Raises:
            Problem: It was not.
        """
        try:
            token = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        except ValueError:
            token = b""
        signature, payload = token[:_SIGNATURE_BYTES], token[_SIGNATURE_BYTES:]
        if not hmac.compare_digest(signature, self._signature(payload)):
            raise invalid_request(
                FieldError("cursor", "must be as it came with the page before, of the same caller and filter")
            )
        return Position(*json.loads(payload))

    def _signature(self, payload: bytes) -> bytes:
        message = json.dumps(self.scope).encode() + b"\0" + payload
        return hmac.digest(self.read_key().encode(), message, hashlib.sha256)[:_SIGNATURE_BYTES]
