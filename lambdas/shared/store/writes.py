"""Conditional writes: one update, or several in a transaction."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from lambdas.domain.errors import StockContended, StoreUnavailable
from lambdas.shared.aws import transient_as

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import UpdateTypeDef

_NO_REASON: Final = "None"
_CONDITION_FAILED: Final = "ConditionalCheckFailed"
_CONTENTION: Final = frozenset({"TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"})
"""Cancellation reasons for which a retry can help."""


def write(client: "DynamoDBClient", update: "UpdateTypeDef") -> Mapping[str, Any] | None:
    """Make one update.

    Returns:
        The item as it is now; None if the condition does not hold.

    Raises:
        StoreUnavailable: DynamoDB throttles, fails or does not answer.
    """
    try:
        with transient_as(StoreUnavailable):
            answer = client.update_item(**update, ReturnValues="ALL_NEW")
    except client.exceptions.ConditionalCheckFailedException:
        return None
    return answer["Attributes"]


def write_together(client: "DynamoDBClient", updates: "Sequence[UpdateTypeDef]") -> list[int]:
    """Make all updates, at most 100, in one transaction, or none.

    Returns:
        The positions of the updates whose condition does not hold; empty if everything was written.

    Raises:
        StoreUnavailable: DynamoDB throttles, fails or does not answer.
        StockContended: Another transaction is writing the same items.
    """
    try:
        with transient_as(StoreUnavailable):
            client.transact_write_items(TransactItems=[{"Update": each} for each in updates])
    except client.exceptions.TransactionCanceledException as error:
        # The stubs have no type for the reasons.
        response: Mapping[str, Any] = error.response
        reasons = [reason.get("Code", _NO_REASON) for reason in response["CancellationReasons"]]
        if _CONTENTION.intersection(reasons):
            raise StockContended(f"the transaction was cancelled: {', '.join(reasons)}") from error
        if not {_NO_REASON, _CONDITION_FAILED}.issuperset(reasons):
            raise
        return [n for n, reason in enumerate(reasons) if reason == _CONDITION_FAILED]
    return []
