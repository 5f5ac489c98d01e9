"""Calls moto's DynamoDB directly. The HTTP between botocore and moto takes most of the time of a call."""

import json
from typing import TYPE_CHECKING, Any, Final

from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from botocore.model import OperationModel
from moto.core.exceptions import ServiceException
from moto.core.models import DEFAULT_ACCOUNT_ID, botocore_stubber
from moto.dynamodb.responses import DynamoHandler
from werkzeug.exceptions import HTTPException

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

OPERATIONS: Final = {
    "BatchGetItem": DynamoHandler.batch_get_item,
    "DeleteItem": DynamoHandler.delete_item,
    "GetItem": DynamoHandler.get_item,
    "PutItem": DynamoHandler.put_item,
    "Query": DynamoHandler.query,
    "Scan": DynamoHandler.scan,
    "TransactWriteItems": DynamoHandler.transact_write_items,
    "UpdateItem": DynamoHandler.update_item,
}
_OK: Final = 200


def call_directly(client: "DynamoDBClient") -> None:
    """Let a client call moto's DynamoDB directly while `mock_aws` is active."""
    # Handlers of more specific events go first, such as those of a `Stubber`.
    client.meta.events.register_last("before-call", _call)  # type: ignore[arg-type] # the stub is wrong


def _call(
    model: OperationModel, params: dict[str, Any], context: dict[str, Any], **_: object
) -> tuple[AWSResponse, dict[str, Any]] | None:
    """Handle botocore's event `before-call`. Return None to let the call go on over moto's HTTP.

    A failed call changes nothing. It goes on, too, because moto's HTTP layer builds the error response.
    """
    operation = OPERATIONS.get(model.name)
    if operation is None or model.output_shape is None or not botocore_stubber.enabled:
        return None
    handler = DynamoHandler()
    handler.current_account = DEFAULT_ACCOUNT_ID
    handler.region = context["client_region"]
    handler.body = json.loads(params["body"])
    try:
        result: Any = operation(handler).result
    except (HTTPException, ServiceException):
        return None
    members = {name: result[name] for name in model.output_shape.members if result.get(name) is not None}
    parsed = json.loads(json.dumps(members))  # a copy of what moto keeps
    response = AWSResponse(params["url"], _OK, HTTPHeaders(), None)
    return response, {**parsed, "ResponseMetadata": {"HTTPStatusCode": _OK}}
