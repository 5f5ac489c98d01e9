"""`GET /orders/{order_id}`."""

from http import HTTPStatus
from typing import Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.utilities.typing import LambdaContext

from lambdas.shared.caller import caller_of
from lambdas.shared.http_api import build_api, json_response
from lambdas.shared.log import logger
from lambdas.shared.order_access import order_for
from lambdas.shared.order_representation import represent
from lambdas.shared.order_table import OrderTable
from lambdas.shared.settings import Settings

api = build_api()


@api.get("/orders/<order_id>")
def get(order_id: str) -> Response[str]:
    """Show an order to its customer, and to an operator."""
    caller = caller_of(api.current_event)
    order = order_for(caller, order_id, OrderTable.from_settings(Settings()))
    return json_response(HTTPStatus.OK, represent(order, caller))


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Answer a request of API Gateway."""
    return api.resolve(event, context)
