"""Reading a DynamoDB stream in order."""

from collections.abc import Callable, Mapping
from typing import Any

from lambdas.shared.log import logger


def process_in_order(
    event: Mapping[str, Any], process: Callable[[Mapping[str, Any]], None]
) -> dict[str, list[dict[str, str]]]:
    """Process a batch of stream records up to the first that fails.

    Powertools' batch processor would go on behind a failed record and come back to it later: an order's
    events would arrive in the wrong order. Here nothing behind the failed record is touched.

    Args:
        event: What Lambda hands over from a stream.
        process: Called with one record after the other.

    Returns:
        The partial batch response: from which sequence number on Lambda shall try again
        (https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-batchfailurereporting.html).

    Raises:
        Exception: Whatever the first record of the batch raised: nothing was achieved.
    """
    records = event["Records"]
    for record in records:
        try:
            process(record)
        except Exception:
            if record is records[0]:
                raise
            sequence_number = record["dynamodb"]["SequenceNumber"]
            logger.exception(
                "a record failed; the batch goes on from it", extra={"sequence": sequence_number}
            )
            return {"batchItemFailures": [{"itemIdentifier": sequence_number}]}
    return {"batchItemFailures": []}
