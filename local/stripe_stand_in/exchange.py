"""A request to the Stripe API, and the answer to it."""

import base64
import binascii
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Self
from urllib.parse import parse_qsl

FAIL_HEADER: Final = "Stand-In-Fail"
"""Header with which a request asks to fail `before` or `after` its execution.

The error is stored under its idempotency key, as Stripe stores an error 500
(https://docs.stripe.com/api/idempotent_requests).
"""

_ID_IN_PATH: Final = re.compile(r"/[a-z]{2,4}_\w+")
_INTENT_PATH: Final = re.compile(r"/v1/payment_intents/(?P<id>[^/]+)")


@dataclass(frozen=True, slots=True)
class ApiRequest:
    """One request to the Stripe API.

    Attributes:
        method: `GET`, `POST` or `DELETE`.
        path: From `/v1/` on, without the query.
        params: Names and values of query and form as sent: `("metadata[order_id]", "o-1")`.
        api_key: The secret key; None if it does not have the form of one.
        idempotency_key: The value of the header `Idempotency-Key`, if it is there.
        request_id: `req_...`, given by the model.
        fail: `before`, `after`, or None; see `FAIL_HEADER`.
    """

    method: str
    path: str
    params: tuple[tuple[str, str], ...] = ()
    api_key: str | None = None
    idempotency_key: str | None = None
    request_id: str | None = None
    fail: str | None = None

    @classmethod
    def read(cls, method: str, path: str, query: str, headers: Mapping[str, str], form: str) -> Self:
        """Read an HTTP request, with its path, query and form as they were sent."""
        return cls(
            method=method,
            path=path,
            params=(
                *parse_qsl(query, keep_blank_values=True),
                *parse_qsl(form, keep_blank_values=True),
            ),
            api_key=_secret_key(headers.get("Authorization", "")),
            idempotency_key=headers.get("Idempotency-Key"),
            fail=headers.get(FAIL_HEADER),
        )

    def param(self, name: str) -> str | None:
        """The value of a parameter, or None."""
        return next((value for key, value in self.params if key == name), None)

    def whole_number(self, name: str, default: int) -> int:
        """The value of a numeric parameter, or the default if the request does not have it.

        Raises:
            RefusedError: The value is not a number.
        """
        value = self.param(name)
        if value is None:
            return default
        if not value.isdecimal():
            raise invalid(f"Invalid integer: {value}", "parameter_invalid_integer", name)
        return int(value)

    def ensure_known(self, *names: str) -> None:
        """Check that the request has no other parameters; `metadata` stands for `metadata[...]`, too.

        Raises:
            RefusedError: It has one.
        """
        known = {"expand", *names}
        for name, _ in self.params:
            if name not in known and name.partition("[")[0] not in known:
                raise invalid(f"Received unknown parameter: {name}", "parameter_unknown", name)

    def fields(self, name: str) -> dict[str, str]:
        """The fields of a parameter that is an object, such as `metadata`."""
        start = f"{name}["
        return {key[len(start) : -1]: value for key, value in self.params if key.startswith(start)}

    def items(self, name: str) -> list[str]:
        """The items of a parameter that is a list, such as `expand`."""
        return [value for key, value in self.params if key.startswith(f"{name}[")]

    @property
    def endpoint(self) -> str:
        """Method and path without ids; Stripe limits the requests to each of them."""
        return f"{self.method} {_ID_IN_PATH.sub('/{id}', self.path)}"

    @property
    def intent_id(self) -> str | None:
        """The PaymentIntent that the request names, if it names one."""
        in_path = _INTENT_PATH.match(self.path)
        return in_path["id"] if in_path else self.param("payment_intent")


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer of the API.

    Attributes:
        status: The HTTP status.
        body: The JSON object.
        executed: Whether the execution of the request began. Only then is the answer stored under the
            idempotency key (https://docs.stripe.com/api/idempotent_requests).
        replayed: Whether the answer was stored by an earlier request.
        headers: Its headers, without those that every HTTP answer has.
    """

    status: int
    body: dict[str, Any]
    executed: bool = True
    replayed: bool = False
    headers: Mapping[str, str] = field(default_factory=dict)


class RefusedError(Exception):
    """The API rejects a request; `answer` has the reason."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.body["error"]["message"])
        self.answer = answer


def error(
    status: int,
    message: str,
    *,
    executed: bool = True,
    headers: Mapping[str, str] | None = None,
    **fields: object,
) -> Answer:
    """An error as Stripe returns it (https://docs.stripe.com/api/errors).

    Args:
        status: The HTTP status.
        message: Stripe's message, where it is known.
        executed: See `Answer`.
        headers: See `Answer`.
        **fields: More fields of the error: `code`, `param`, or a `type` other than `invalid_request_error`.
            It does not have those that are None.
    """
    more = {name: value for name, value in fields.items() if value is not None}
    body = {"error": {"type": "invalid_request_error", "message": message, **more}}
    return Answer(status, body, executed, headers=headers or {})


def missing(status: int, kind: str, object_id: str, param: str) -> RefusedError:
    """The error for an object that does not exist; `param` is the parameter that names it."""
    return RefusedError(error(status, f"No such {kind}: '{object_id}'", code="resource_missing", param=param))


def not_one_of(allowed: Iterable[str], param: str) -> RefusedError:
    """The error for a parameter that has none of the allowed values."""
    return invalid(f"Invalid {param}: must be one of {', '.join(allowed)}", None, param)


def invalid(message: str, code: str | None, param: str | None = None) -> RefusedError:
    """The error for an invalid parameter. The request is not executed, so its idempotency key stays free.

    Stripe documents the codes (https://docs.stripe.com/error-codes); some errors have none.
    """
    return RefusedError(error(400, message, executed=False, code=code, param=param))


def _secret_key(authorization: str) -> str | None:
    scheme, _, credentials = authorization.partition(" ")
    if scheme == "Basic":  # what `curl -u sk_test_...:` sends
        try:
            credentials = base64.b64decode(credentials).decode().partition(":")[0]
        except (binascii.Error, UnicodeDecodeError):
            return None
    return credentials if credentials.startswith(("sk_", "rk_")) else None
