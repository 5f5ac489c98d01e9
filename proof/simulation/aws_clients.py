"""The clients of AWS in place of boto3's. They fail, and repeat calls, as botocore does."""

import uuid
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from itertools import count
from typing import Any, Final, Protocol

import boto3
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionClosedError,
    ReadTimeoutError,
)

from local.fault_proxy.refusals import AWS_THROTTLING
from proof.simulation.functions import REGION, current_invocation
from proof.simulation.network import ConnectionLost, Network, NoAnswer, Refused, Rejected
from proof.simulation.scheduler import current_strand

Service = Callable[[str, Mapping[str, Any]], dict[str, Any]]
"""Carries out a call: takes the operation and its parameters, and returns the answer or raises `Rejected`."""

_RETRIED_CODES: Final = frozenset(
    {
        *("Throttling", "ThrottlingException", "ThrottledException", "RequestThrottledException"),
        *("TooManyRequestsException", "ProvisionedThroughputExceededException", "RequestLimitExceeded"),
        *("TransactionInProgressException", "BandwidthLimitExceeded", "LimitExceededException"),
        *("RequestThrottled", "SlowDown", "PriorRequestNotComplete", "EC2ThrottledException"),
        *("RequestTimeout", "RequestTimeoutException"),
    }
)
"""https://docs.aws.amazon.com/boto3/latest/guide/retries.html#standard-retry-mode"""

_RETRIED_STATUSES: Final = (500, 502, 503, 504)
_LONGEST_PAUSE_SECONDS: Final = 20
_RESOURCES: Final = ("TableName", "SecretId", "QueueUrl")

_SIGNING_NAMES: Final = {"stepfunctions": "states", "sesv2": "ses"}
"""Services whose name in signatures, which names calls, is not that of the client."""

_REST_CALLS: Final = {"SendEmail": "POST /v2/email/outbound-emails"}
"""The calls of REST-json services, which are named by method and path."""


class Surroundings(Protocol):
    """What the clients need of the world."""

    network: Network
    services: Mapping[str, Service]


class Client:
    """A client of one service.

    Args:
        name: boto3's name of the service.
        config: How often it tries, and how long it waits.
        world: Returns the current world.
    """

    def __init__(self, name: str, config: Any, world: Callable[[], Surroundings]) -> None:  # noqa: ANN401 - the attributes of `Config` have no types
        self._service = _SIGNING_NAMES.get(name, name)
        self._world = world
        self._wait_ms = round(config.read_timeout * 1000)
        retries: Mapping[str, Any] = config.retries or {}
        self._attempts = int(retries.get("total_max_attempts", 5))
        self.exceptions = _exceptions(name)

    def __getattr__(self, method: str) -> Callable[..., dict[str, Any]]:
        operation = "".join(word.title() for word in method.split("_"))

        def call(**params: Any) -> dict[str, Any]:  # noqa: ANN401 - any parameter
            return self._call(operation, params)

        setattr(self, method, call)
        return call

    def get_paginator(self, method: str) -> "_Paginator":
        """A paginator of a call whose answers have one page here."""
        return _Paginator(getattr(self, method))

    def _call(self, operation: str, params: Mapping[str, Any]) -> dict[str, Any]:
        world = self._world()
        strand = current_strand()
        invocation = current_invocation()
        what = f"{self._service} {_REST_CALLS.get(operation, operation)} {_resource(params)}".rstrip()
        serve = world.services[self._service]
        if operation == "TransactWriteItems":  # botocore gives each call a token, and its tries the same one
            params = {**params, "ClientRequestToken": str(uuid.uuid4())}
        for attempt in count(1):
            try:
                answer = world.network.call(
                    f"{invocation.function}: {what}",
                    lambda _: serve(operation, params),
                    who=invocation.name,
                    wait_ms=self._wait_ms,
                )
            except (ConnectionLost, NoAnswer, Refused, Rejected) as failure:
                error = self._error(operation, failure)
                if attempt == self._attempts or not _is_retried(error):
                    raise error from None
            else:
                return {**answer, "ResponseMetadata": {"HTTPStatusCode": 200}}
            strand.sleep(world.network.pause(min(2 ** (attempt - 1), _LONGEST_PAUSE_SECONDS)))
        raise AssertionError("unreachable: the loop returns or raises")

    def _error(self, operation: str, failure: Exception) -> BotoCoreError | ClientError:
        match failure:
            case ConnectionLost():
                return ConnectionClosedError(endpoint_url=self._service)
            case NoAnswer():
                return ReadTimeoutError(endpoint_url=self._service)
            case Refused(kind="throttle"):
                status = 429 if self._service == "ses" else 400
                code, body = (
                    AWS_THROTTLING.get(self._service, "ThrottlingException"),
                    {"message": "Rate exceeded"},
                )
            case Refused():
                status, code, body = (
                    503,
                    "ServiceUnavailable",
                    {"message": "Service temporarily unavailable."},
                )
            case Rejected(code=code, body=body):
                status = 400
        message = body.get("message") or body.get("Message")
        response: Any = {
            **body,
            "Error": {"Code": code, "Message": message},
            "ResponseMetadata": {"HTTPStatusCode": status},
        }
        error: ClientError = self.exceptions.from_code(code)(response, operation)
        return error


class _Paginator:
    """A paginator of a call whose answers have one page."""

    def __init__(self, call: Callable[..., dict[str, Any]]) -> None:
        self._call = call

    def paginate(self, **params: Any) -> Iterator[dict[str, Any]]:  # noqa: ANN401 - any parameter
        yield self._call(**params)


class Boto3:
    """Stands in for the module `boto3`.

    Args:
        world: Returns the current world.
    """

    def __init__(self, world: Callable[[], Surroundings]) -> None:
        self._world = world

    def client(self, name: str, config: Config) -> Client:
        """A client of a service."""
        return Client(name, config, self._world)


def _is_retried(error: BotoCoreError | ClientError) -> bool:
    """Whether botocore repeats a call, in its standard mode."""
    if not isinstance(error, ClientError):
        return True
    status = error.response["ResponseMetadata"]["HTTPStatusCode"]
    return error.response["Error"]["Code"] in _RETRIED_CODES or status in _RETRIED_STATUSES


def _resource(params: Mapping[str, Any]) -> str:
    """The tables, the secret or the queue of a call."""
    names = {params[name] for name in _RESOURCES if name in params}
    names.update(params.get("RequestItems", ()))
    for item in params.get("TransactItems", ()):
        names.update(action["TableName"] for action in item.values())
    return ", ".join(sorted(names))


@cache
def _exceptions(name: str) -> Any:  # noqa: ANN401 - boto3 makes its class
    client: Any = boto3.client(
        name,  # type: ignore[call-overload] # any service
        region_name=REGION,
        aws_access_key_id="simulated",
        aws_secret_access_key="simulated",  # noqa: S106 - nothing is sent
    )
    return client.exceptions
