"""Processes the records of a DynamoDB stream in order."""

from collections.abc import Callable, Mapping
from typing import Any

from lambdas.shared.log import logger
from lambdas.shared.work import at_work


def process_in_order(
    event: Mapping[str, Any], process: Callable[[Mapping[str, Any]], None]
) -> dict[str, list[dict[str, str]]]:
    """Process a batch of changes of orders up to the first that fails.

    Powertools' batch processor would continue after a failed record and return to it later, so the events of
    an order could arrive in the wrong order. This function does not process records after a failed one.

    Returns:
        The partial batch response: the sequence number from which Lambda repeats the batch
        (https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-batchfailurereporting.html).

    Raises:
        Exception: The error of the first record, because then no record was processed.
    """
    records = event["Records"]
    for record in records:
        change = record["dynamodb"]
        with at_work(
            order_id=change["Keys"]["order_id"]["S"], request_id=_request_of(change.get("NewImage", {}))
        ):
            try:
                process(record)
            except Exception:
                sequence_number = change["SequenceNumber"]
                logger.exception(
                    "a record failed; the batch will be repeated from it", extra={"sequence": sequence_number}
                )
                if record is records[0]:
                    raise
                return {"batchItemFailures": [{"itemIdentifier": sequence_number}]}
    return {"batchItemFailures": []}


def _request_of(image: Mapping[str, Any]) -> str | None:
    """The request that submitted the order; only what it needs is read, because an order can be malformed."""
    timeline = image.get("timeline", {}).get("L", [])
    return timeline[0]["M"].get("request_id", {}).get("S") if timeline else None
