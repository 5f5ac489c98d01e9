"""`PUT /inventory/{sku}`."""

from dataclasses import asdict
from http import HTTPStatus
from typing import Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.utilities.typing import LambdaContext

from lambdas.put_inventory.request import PutProduct
from lambdas.shared.fields import is_sku
from lambdas.shared.http_api import FieldError, build_api, invalid_request, json_response, parse_body
from lambdas.shared.inventory_table import InventoryTable, Product
from lambdas.shared.log import logger
from lambdas.shared.settings import Settings

api = build_api()


@api.put("/inventory/<sku>")
def put(sku: str) -> Response[str]:
    """Write a product as it shall be from now on, its stock included."""
    if not is_sku(sku):
        raise invalid_request(FieldError("sku", "must be 1 to 64 capital letters, digits and dashes"))
    body = parse_body(PutProduct, api.current_event)
    product = Product(sku, **body.model_dump())
    InventoryTable.from_settings(Settings()).put(product)
    return json_response(HTTPStatus.OK, asdict(product))


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Answer a request of API Gateway."""
    return api.resolve(event, context)
