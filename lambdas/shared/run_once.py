"""Does something once for a key, with Powertools' idempotency table.

It is for what has no natural key of its own: messages and webhooks. It never guards money: its lock expires
with the function's timeout (https://docs.powertools.aws.dev/lambda/python/latest/utilities/idempotency/).
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

from lambdas.shared.aws import dynamodb
from lambdas.shared.errors import TransientFailure
from lambdas.shared.settings import Settings

_REMEMBERED_FOR_SECONDS: Final = 90 * 24 * 60 * 60
"""An operator's retry or the reconciler can come again long after the first time."""


def run_once(
    key: str,
    action: Callable[[], None],
    *,
    settings: Settings,
    context: LambdaContext,
    unavailable: type[TransientFailure],
) -> None:
    """Run the action, unless it has come through before under the same key.

    Args:
        key: What makes two runs the same.
        action: What to do. If it raises, the next run tries again.
        settings: Name the idempotency table.
        context: Lambda's, of this call: its timeout is how long the lock lasts.
        unavailable: Raised when the table does not answer, or somebody else is at it just now.
    """
    config = IdempotencyConfig(lambda_context=context, expires_after_seconds=_REMEMBERED_FOR_SECONDS)
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
