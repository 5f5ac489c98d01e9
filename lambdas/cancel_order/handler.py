"""`POST /orders/{order_id}/cancel`."""

from http import HTTPStatus
from typing import Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.utilities.typing import LambdaContext

from lambdas.cancel_order.logic import cancel_order
from lambdas.shared.caller import caller_of
from lambdas.shared.http_api import build_api, json_response
from lambdas.shared.log import logger
from lambdas.shared.order_access import order_for
from lambdas.shared.order_representation import represent
from lambdas.shared.order_table import OrderTable
from lambdas.shared.settings import Settings

api = build_api()


@api.post("/orders/<order_id>/cancel")
def cancel(order_id: str) -> Response[str]:
    """Take the wish to cancel; see `cancel_order`."""
    caller, orders = caller_of(api.current_event), OrderTable.from_settings(Settings())
    order = cancel_order(order_for(caller, order_id, orders), caller, orders)
    logger.info("cancellation requested", extra={"order_id": order_id, "by": order.cancel_requested_by})
    return json_response(HTTPStatus.ACCEPTED, represent(order, caller))


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Answer a request of API Gateway."""
    return api.resolve(event, context)
