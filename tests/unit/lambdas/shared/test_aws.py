from collections.abc import Callable, Mapping
from typing import Any

import pytest
from botocore.exceptions import (
    ClientError,
    ConnectionClosedError,
    ConnectTimeoutError,
    EndpointConnectionError,
    ReadTimeoutError,
)

from lambdas.domain.errors import StoreUnavailable
from lambdas.shared import aws, secrets
from lambdas.shared.aws import transient_as
from stacks.constructs.function_logs import functions_of_orders
from stacks.timeouts import function_timeout_seconds

SHORTEST_TIMEOUT_SECONDS = min(map(function_timeout_seconds, functions_of_orders()))
URL = "https://dynamodb.eu-central-1.amazonaws.com"


CLIENTS: Mapping[str, Callable[[], Any]] = {
    **{name: made for name, made in vars(aws).items() if hasattr(made, "cache_clear")},
    "the cache of secrets": lambda: secrets.provider().client,
}


def a_client_error(code: str, status: int = 400) -> ClientError:
    return ClientError(
        {"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}},  # type: ignore[typeddict-item] # only what is read
        "UpdateItem",
    )


@pytest.mark.parametrize(
    "error",
    [
        a_client_error("ThrottlingException"),
        a_client_error("ProvisionedThroughputExceededException"),
        a_client_error("TransactionConflictException"),
        a_client_error("TransactionInProgressException"),
        a_client_error("InternalServerError", 500),
        a_client_error("an unknown code", 503),
        ConnectTimeoutError(endpoint_url=URL),
        ReadTimeoutError(endpoint_url=URL),
        EndpointConnectionError(endpoint_url=URL),
        ConnectionClosedError(endpoint_url=URL),
    ],
    ids=repr,
)
def test_a_transient_error_becomes_our_own_error(error: Exception) -> None:
    with pytest.raises(StoreUnavailable), transient_as(StoreUnavailable):
        raise error


@pytest.mark.parametrize(
    "code", ["AccessDeniedException", "ValidationException", "ResourceNotFoundException"]
)
def test_a_permanent_error_passes(code: str) -> None:
    with pytest.raises(ClientError, match=code), transient_as(StoreUnavailable):
        raise a_client_error(code)


@pytest.mark.parametrize("make", CLIENTS.values(), ids=CLIENTS)
def test_all_tries_of_a_call_fit_the_shortest_function_timeout(make: Callable[[], Any]) -> None:
    config = make().meta.config

    tries = config.retries["total_max_attempts"]
    seconds = tries * (config.connect_timeout + config.read_timeout)

    assert seconds <= SHORTEST_TIMEOUT_SECONDS
