"""Runs an action once per key, with the idempotency utility of Powertools.

It is for actions that have no natural key: notifications and webhooks. It must not guard money, because its
lock expires (https://docs.powertools.aws.dev/lambda/python/latest/utilities/idempotency/).
"""

from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from aws_lambda_powertools.utilities.idempotency import (
    DynamoDBPersistenceLayer,
    IdempotencyConfig,
    idempotent_function,
)
from aws_lambda_powertools.utilities.idempotency.exceptions import (
    IdempotencyAlreadyInProgressError,
    IdempotencyPersistenceLayerError,
)
from aws_lambda_powertools.utilities.typing import LambdaContext

from lambdas.domain.errors import TransientFailure
from lambdas.shared.aws import dynamodb
from lambdas.shared.settings import Settings

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

REMEMBERED_FOR_SECONDS: Final = 90 * 24 * 60 * 60
"""Long, because an operator or the reconciliation can repeat an action long after the first time."""

LOCK_SECONDS: Final = 3
"""How long most actions lock their key."""


class _ShortLock(LambdaContext):
    """A context for Powertools, which locks a key for the context's remaining time."""

    def __init__(self, seconds: int) -> None:
        self._seconds = seconds

    def get_remaining_time_in_millis(self) -> int:  # type: ignore[override] # Powertools declares it static
        return self._seconds * 1000


@lru_cache(maxsize=1)
def _store(table: str, client: "DynamoDBClient") -> DynamoDBPersistenceLayer:
    """Powertools' view of the table, made once.

    Each new one adds a handler to the client, which never goes away and runs at each of its requests. So an
    environment that made one for each call would get slower and slower.
    """
    return DynamoDBPersistenceLayer(table, boto3_client=client)


def run_once(
    key: str,
    action: Callable[[], None],
    *,
    settings: Settings,
    unavailable: type[TransientFailure],
    lock_seconds: int = LOCK_SECONDS,
) -> None:
    """Run an action, unless it has succeeded before under the same key. If it raises, the key stays free.

    Args:
        key: Names the action.
        action: What to do.
        settings: Name the table.
        unavailable: Error to raise if the action cannot run now.
        lock_seconds: How long an action under way locks its key. An action that takes longer can run twice.
            Powertools would lock the key for the rest of the function's timeout, and after a worker died,
            the saga's retries would all find the key locked.

    Raises:
        unavailable: The table does not answer, or the action is under way elsewhere.
    """
    config = IdempotencyConfig(
        lambda_context=_ShortLock(lock_seconds), expires_after_seconds=REMEMBERED_FOR_SECONDS
    )

    @idempotent_function(  # type: ignore[untyped-decorator] # Powertools does not type it
        data_keyword_argument="key",
        persistence_store=_store(settings.idempotency_table, dynamodb()),
        config=config,
    )
    def once(key: str) -> str:
        action()
        return key

    try:
        once(key=key)
    except (IdempotencyAlreadyInProgressError, IdempotencyPersistenceLayerError) as error:
        raise unavailable(type(error).__name__) from error
