"""What a request asks for, in the words of the service that it goes to."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

_CREDENTIAL_SCOPE: Final = re.compile(r"Credential=[^/]+/[^/]+/[^/]+/([^/]+)/aws4_request")
_STRIPE_ID: Final = re.compile(r"/[a-z]{2,4}_\w+")


@dataclass(frozen=True)
class Operation:
    """One operation of one service.

    Attributes:
        service: As AWS names it when it signs, or `stripe`.
        operation: As in `UpdateItem`; method and path, without ids, for a service that has no more.
        resource: The tables, the secret or the queue, as the function's environment calls them; else empty.
    """

    service: str
    operation: str
    resource: str = ""

    def __str__(self) -> str:
        return " ".join(filter(None, (self.service, self.operation, self.resource)))


def aws_operation(
    method: str, path: str, headers: Mapping[str, str], body: bytes, environ: Mapping[str, str]
) -> Operation:
    """Name a request to AWS.

    Args:
        method: HTTP's.
        path: Without the query.
        headers: All; they must ignore case.
        body: As it was sent.
        environ: Of the process that sent it: it says which table is which.
    """
    scope = _CREDENTIAL_SCOPE.search(headers.get("Authorization", ""))
    service = scope[1] if scope else "aws"
    target = headers.get("X-Amz-Target")
    if target is None:  # a REST-json service, such as SES v2
        return Operation(service, f"{method} {path}")
    return Operation(service, target.rpartition(".")[2], _resource(json.loads(body or b"{}"), environ))


def stripe_operation(method: str, path: str) -> Operation:
    """Name a request to Stripe."""
    return Operation("stripe", f"{method} {_STRIPE_ID.sub('/{id}', path)}")


def _resource(parameters: Mapping[str, Any], environ: Mapping[str, str]) -> str:
    names = [parameters.get(name) for name in ("TableName", "SecretId", "QueueUrl")]
    names += parameters.get("RequestItems", {})
    for item in parameters.get("TransactItems", ()):
        names += [action.get("TableName") for action in item.values()]
    return ", ".join(sorted({_role(name, environ) for name in names if name is not None}))


def _role(name: str, environ: Mapping[str, str]) -> str:
    """What the function calls a resource: `orders` where `ORDERS_TABLE` has its name."""
    for variable, value in environ.items():
        if value == name:
            for ending in ("_TABLE", "_SECRET_ID", "_QUEUE_URL"):
                if variable.endswith(ending):
                    return variable.removesuffix(ending).lower()
    return name
