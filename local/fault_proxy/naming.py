"""The names of calls, in the words of the service that is called."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import parse_qs

from aiohttp import web

_CREDENTIAL_SCOPE: Final = re.compile(r"Credential=[^/]+/[^/]+/[^/]+/([^/]+)/aws4_request")
STRIPE_ID: Final = re.compile(r"/[a-z]{2,4}_\w+")
_INTENT_ID: Final = re.compile(r"\bpi_\w+")


@dataclass(frozen=True)
class CallName:
    """The name of a call. As text it is service, operation and resource.

    Attributes:
        service: AWS's name of the service in signatures, or `stripe`.
        operation: `UpdateItem` and the like; method and path without ids where the service has no such name.
        resource: The tables, the secret or the queue, by the names that the function's environment has for
            them; else empty.
        order_id: The order that a call to Stripe is about, where that is known.
    """

    service: str
    operation: str
    resource: str = ""
    order_id: str | None = None

    def __str__(self) -> str:
        return " ".join(filter(None, (self.service, self.operation, self.resource)))


class AwsNaming:
    """Names calls to AWS."""

    def name(self, request: web.Request, body: bytes, environ: Mapping[str, str]) -> CallName:
        """The name of a call.

        Args:
            request: The request.
            body: Its body.
            environ: The environment of the process that sends it.
        """
        scope = _CREDENTIAL_SCOPE.search(request.headers.get("Authorization", ""))
        service = scope[1] if scope else "aws"
        target = request.headers.get("X-Amz-Target")
        if target is None:  # a REST-json service, such as SES v2
            return CallName(service, f"{request.method} {request.path}")
        return CallName(service, target.rpartition(".")[2], _resource(json.loads(body or b"{}"), environ))

    def learn(self, name: CallName, reply: bytes) -> None:
        """Do nothing: calls to AWS are named without knowledge of earlier ones."""


class StripeNaming:
    """Names calls to Stripe. The order comes from the metadata of the call or of its payment."""

    def __init__(self) -> None:
        self._orders: dict[str, str] = {}

    def name(self, request: web.Request, body: bytes, environ: Mapping[str, str]) -> CallName:  # noqa: ARG002 - AWS's calls need it
        """The name of a call; see `AwsNaming`."""
        fields = parse_qs(body.decode())
        in_metadata = fields.get("metadata[order_id]", [None])[0]
        intent = _INTENT_ID.search(" ".join([request.path_qs, *fields.get("payment_intent", ())]))
        return CallName(
            "stripe",
            f"{request.method} {STRIPE_ID.sub('/{id}', request.path)}",
            order_id=in_metadata or (self._orders.get(intent[0]) if intent else None),
        )

    def learn(self, name: CallName, reply: bytes) -> None:
        """Remember the order that a payment is made for."""
        if name.operation == "POST /v1/payment_intents" and name.order_id is not None:
            self._orders[json.loads(reply).get("id", "")] = name.order_id


Naming = AwsNaming | StripeNaming


def _resource(parameters: Mapping[str, Any], environ: Mapping[str, str]) -> str:
    names = [parameters.get(name) for name in ("TableName", "SecretId", "QueueUrl")]
    names += parameters.get("RequestItems", {})
    for item in parameters.get("TransactItems", ()):
        names += [action.get("TableName") for action in item.values()]
    return ", ".join(sorted({_role(name, environ) for name in names if name is not None}))


def _role(name: str, environ: Mapping[str, str]) -> str:
    """The function's own name of a resource: `orders` if `ORDERS_TABLE` contains the name."""
    for variable, value in environ.items():
        if value == name:
            for ending in ("_TABLE", "_SECRET_ID", "_QUEUE_URL"):
                if variable.endswith(ending):
                    return variable.removesuffix(ending).lower()
    return name
