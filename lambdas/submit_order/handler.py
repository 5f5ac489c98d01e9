"""`POST /orders`."""

from http import HTTPStatus
from typing import Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.utilities.typing import LambdaContext

from lambdas.shared.caller import caller_of, require_customer
from lambdas.shared.http_api import build_api, json_response, parse_body
from lambdas.shared.log import logger
from lambdas.shared.order_representation import represent
from lambdas.shared.order_table import OrderTable
from lambdas.shared.settings import Settings
from lambdas.submit_order.logic import submit_order
from lambdas.submit_order.request import SubmitOrder, parse_idempotency_key

api = build_api()


@api.post("/orders")
def submit() -> Response[str]:
    """Accept an order; see `submit_order`."""
    event = api.current_event
    caller = caller_of(event)
    require_customer(caller)
    key = parse_idempotency_key(event.headers.get("Idempotency-Key"))
    request = parse_body(SubmitOrder, event)

    submission = submit_order(caller.customer_id, key, request, OrderTable.from_settings(Settings()))

    order_id = submission.order.order_id
    logger.append_keys(order_id=order_id)
    logger.info("order accepted", extra={"replayed": submission.replayed})
    headers = {"Location": f"/orders/{order_id}"}
    if submission.replayed:
        headers["Idempotent-Replayed"] = "true"
    return json_response(HTTPStatus.ACCEPTED, represent(submission.order, caller), headers)


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Answer a request of API Gateway."""
    return api.resolve(event, context)
