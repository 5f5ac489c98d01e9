import pytest
from botocore.exceptions import (
    ClientError,
    ConnectionClosedError,
    ConnectTimeoutError,
    EndpointConnectionError,
    ReadTimeoutError,
)

from lambdas.domain.errors import StoreUnavailable
from lambdas.shared.aws import transient_as

URL = "https://dynamodb.eu-central-1.amazonaws.com"


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
