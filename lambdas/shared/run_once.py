"""Does something once for a key, with Powertools' idempotency table.

It is for what has no natural key of its own: messages and webhooks. It never guards money: its lock expires
(https://docs.powertools.aws.dev/lambda/python/latest/utilities/idempotency/).
"""

from collections.abc import Callable
from typing import Final

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

_REMEMBERED_FOR_SECONDS: Final = 90 * 24 * 60 * 60
"""An operator's retry or the reconciler can come again long after the first time."""

_LOCK_MILLISECONDS: Final = 3_000
"""How long an action under way keeps others out. Powertools would lock for as long as the function may take:
where a worker dies, the saga's retries would be over before its lock is. What takes longer can run twice."""


class _ShortLock(LambdaContext):
    """What Powertools reads of a context: it locks for the time that remains."""

    @staticmethod
    def get_remaining_time_in_millis() -> int:
        return _LOCK_MILLISECONDS


def run_once(
    key: str,
    action: Callable[[], None],
    *,
    settings: Settings,
    unavailable: type[TransientFailure],
) -> None:
    """Run the action, unless it has come through before under the same key.

    Args:
        key: What makes two runs the same.
        action: What to do. If it raises, the next run tries again.
        settings: Name the idempotency table.
        unavailable: Raised when the table does not answer, or somebody else is at it just now.
    """
    config = IdempotencyConfig(lambda_context=_ShortLock(), expires_after_seconds=_REMEMBERED_FOR_SECONDS)
    store = DynamoDBPersistenceLayer(settings.idempotency_table, boto3_client=dynamodb())

    @idempotent_function(  # type: ignore[untyped-decorator] # Powertools does not type it
        data_keyword_argument="key", persistence_store=store, config=config
    )
    def once(key: str) -> str:
        action()
        return key

    try:
        once(key=key)
    except (IdempotencyAlreadyInProgressError, IdempotencyPersistenceLayerError) as error:
        raise unavailable(type(error).__name__) from error
