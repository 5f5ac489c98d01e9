"""`POST /orders`."""

from http import HTTPStatus

from lambdas.shared.caller import caller_of, require_customer
from lambdas.shared.http_api import HttpRequest, HttpResponse, endpoint
from lambdas.shared.http_parsing import parse
from lambdas.shared.log import logger
from lambdas.shared.order_representation import represent
from lambdas.shared.order_table import OrderTable
from lambdas.shared.settings import Settings
from lambdas.submit_order.logic import submit_order
from lambdas.submit_order.request import SubmitOrderRequest


@endpoint
def handler(http: HttpRequest) -> HttpResponse:
    """Accept an order; see `submit_order`."""
    caller = caller_of(http)
    require_customer(caller)
    request = parse(SubmitOrderRequest, http)

    submission = submit_order(
        caller.customer_id,
        request.headers.idempotency_key,
        request.body,
        OrderTable.from_settings(Settings()),
    )

    order_id = submission.order.order_id
    logger.append_keys(order_id=order_id)
    logger.info("order accepted", extra={"replayed": submission.replayed})
    headers = {"Location": f"/orders/{order_id}"}
    if submission.replayed:
        headers["Idempotent-Replayed"] = "true"
    return HttpResponse(HTTPStatus.ACCEPTED, represent(submission.order, caller), headers)
