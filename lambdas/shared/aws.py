"""AWS clients, each created once per execution environment, and their transient errors."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Final

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError, ConnectionError, HTTPClientError  # noqa: A004 - botocore's name

from lambdas.domain.errors import TransientFailure

if TYPE_CHECKING:
    from mypy_boto3_cognito_idp import CognitoIdentityProviderClient
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_logs import CloudWatchLogsClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_secretsmanager import SecretsManagerClient
    from mypy_boto3_sesv2 import SESV2Client
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_stepfunctions import SFNClient

_CONFIG: Final = Config(
    # 3 attempts x (1 s + 3 s) and the pauses between them fit the shortest function timeout.
    connect_timeout=1,
    read_timeout=3,
    retries={"mode": "standard", "total_max_attempts": 3},
    tcp_keepalive=True,
    # botocore builds its own user agent anew for each request, of some thirty parts: a quarter of the CPU
    # time of a call.
    user_agent=f"orders Boto3/{boto3.__version__}",
)

# SES has no idempotency key: a call that is repeated after a slow answer sends the mail again. So the client
# makes one call, and waits longer for the answer.
_MAIL_CONFIG: Final = _CONFIG.merge(
    Config(read_timeout=10, retries={"mode": "standard", "total_max_attempts": 1})
)

_TRANSIENT_CODES: Final = frozenset(
    {
        "InternalServerError",
        "LimitExceededException",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "ServiceUnavailable",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
        "TransactionConflictException",
        "TransactionInProgressException",
    }
)
_SERVER_ERROR: Final = 500


@cache
def dynamodb() -> "DynamoDBClient":
    """DynamoDB."""
    return boto3.client("dynamodb", config=_CONFIG)


@cache
def step_functions() -> "SFNClient":
    """Step Functions."""
    return boto3.client("stepfunctions", config=_CONFIG)


@cache
def event_bridge() -> "EventBridgeClient":
    """EventBridge."""
    return boto3.client("events", config=_CONFIG)


@cache
def sqs() -> "SQSClient":
    """Simple Queue Service."""
    return boto3.client("sqs", config=_CONFIG)


@cache
def s3() -> "S3Client":
    """Simple Storage Service."""
    return boto3.client("s3", config=_CONFIG)


@cache
def ses() -> "SESV2Client":
    """Simple Email Service; a call is made once and takes up to 11 s."""
    return boto3.client("sesv2", config=_MAIL_CONFIG)


@cache
def cognito() -> "CognitoIdentityProviderClient":
    """Cognito's user pools."""
    return boto3.client("cognito-idp", config=_CONFIG)


@cache
def secrets_manager() -> "SecretsManagerClient":
    """Secrets Manager."""
    return boto3.client("secretsmanager", config=_CONFIG)


@cache
def cloudwatch_logs() -> "CloudWatchLogsClient":
    """CloudWatch Logs."""
    return boto3.client("logs", config=_CONFIG)


def error_code(error: ClientError) -> str:
    """The service's name for an error."""
    return error.response.get("Error", {}).get("Code", "")


@contextmanager
def transient_as(error_class: type[TransientFailure]) -> Iterator[None]:
    """Turn transient errors of AWS calls into one of our own errors, which the state machine retries.

    Args:
        error_class: Error to raise if a call is throttled, fails or is not answered. Other errors pass.
    """
    try:
        yield
    except ClientError as error:
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        if error_code(error) in _TRANSIENT_CODES or status >= _SERVER_ERROR:
            raise error_class(f"{error.operation_name}: {error_code(error)}") from error
        raise
    except (ConnectionError, HTTPClientError) as error:
        raise error_class(type(error).__name__) from error
