"""`GET /orders/{order_id}`."""

import re
from http import HTTPStatus
from typing import Any, Final

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.utilities.typing import LambdaContext

from lambdas.shared.caller import customer_id_of
from lambdas.shared.http_api import build_api, json_response, not_found
from lambdas.shared.log import logger
from lambdas.shared.order_representation import represent
from lambdas.shared.order_table import OrderTable
from lambdas.shared.settings import Settings

_ORDER_ID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")

api = build_api()


@api.get("/orders/<order_id>")
def get(order_id: str) -> Response[str]:
    """Show a customer their order; somebody else's is not there."""
    settings = Settings()
    customer_id = customer_id_of(api.current_event, settings)
    order = OrderTable.from_settings(settings).find(order_id) if _ORDER_ID.fullmatch(order_id) else None
    if order is None or order.customer_id != customer_id:
        raise not_found("such order")
    return json_response(HTTPStatus.OK, represent(order))


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Answer a request of API Gateway."""
    return api.resolve(event, context)
