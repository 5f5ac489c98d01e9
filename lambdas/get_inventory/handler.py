"""`GET /inventory` and `GET /inventory/{sku}`."""

from dataclasses import asdict
from http import HTTPStatus
from typing import Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.utilities.typing import LambdaContext

from lambdas.shared.fields import is_sku
from lambdas.shared.http_api import build_api, json_response, not_found
from lambdas.shared.inventory_table import InventoryTable
from lambdas.shared.log import logger
from lambdas.shared.settings import Settings

api = build_api()


@api.get("/inventory")
def get_all() -> Response[str]:
    """Show the catalogue with its stock."""
    products = InventoryTable.from_settings(Settings()).all()
    return json_response(HTTPStatus.OK, {"products": [asdict(product) for product in products]})


@api.get("/inventory/<sku>")
def get(sku: str) -> Response[str]:
    """Show one product with its stock."""
    product = InventoryTable.from_settings(Settings()).get(sku) if is_sku(sku) else None
    if product is None:
        raise not_found("such product")
    return json_response(HTTPStatus.OK, asdict(product))


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Answer a request of API Gateway."""
    return api.resolve(event, context)
