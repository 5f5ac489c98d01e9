"""`POST /orders/{order_id}/retry`."""

from http import HTTPStatus
from typing import Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.utilities.typing import LambdaContext

from lambdas.shared.caller import caller_of, require_operator
from lambdas.shared.http_api import Problem, build_api, json_response
from lambdas.shared.log import logger
from lambdas.shared.order_access import order_for
from lambdas.shared.order_representation import represent
from lambdas.shared.order_table import OrderTable
from lambdas.shared.settings import Settings

api = build_api()


@api.post("/orders/<order_id>/retry")
def retry(order_id: str) -> Response[str]:
    """Run the saga once more for an order that is not at rest; it goes on from where it stands."""
    caller, orders = caller_of(api.current_event), OrderTable.from_settings(Settings())
    require_operator(caller)
    order = order_for(caller, order_id, orders)
    retried = orders.request_retry(order_id)
    if retried is None:
        raise Problem(
            HTTPStatus.CONFLICT,
            "order-at-rest",
            "There is nothing left to do",
            f"The order is {order.status}: running its saga again would change nothing.",
        )
    logger.info("retry requested", extra={"order_id": order_id})
    return json_response(HTTPStatus.ACCEPTED, represent(retried, caller))


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Answer a request of API Gateway."""
    return api.resolve(event, context)
