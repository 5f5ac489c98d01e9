"""`POST /orders`."""

from http import HTTPStatus

from lambdas.api.submit_order.request import SubmitOrderRequest
from lambdas.shared.log import logger
from lambdas.shared.rest.caller import caller_of, require_customer
from lambdas.shared.rest.endpoint import endpoint
from lambdas.shared.rest.http_request import HttpRequest
from lambdas.shared.rest.http_response import HttpResponse
from lambdas.shared.rest.order_representation import represent
from lambdas.shared.rest.parsing import parse
from lambdas.shared.settings import Settings
from lambdas.shared.store.orders import OrderTable
from lambdas.shared.submission.logic import submit_order


@endpoint
def handler(http: HttpRequest) -> HttpResponse:
    """Accept an order; see `submit_order`."""
    caller = caller_of(http)
    require_customer(caller)
    request = parse(SubmitOrderRequest, http)
    settings = Settings()

    submission = submit_order(
        caller,
        request.headers.idempotency_key,
        request.body,
        OrderTable.from_settings(settings),
        settings.capture,
    )

    order_id = submission.order.order_id
    logger.append_keys(order_id=order_id)
    logger.info("order accepted", extra={"replayed": submission.replayed})
    headers = {"Location": f"/orders/{order_id}"}
    if submission.replayed:
        headers["Idempotent-Replayed"] = "true"
    return HttpResponse(HTTPStatus.ACCEPTED, represent(submission.order, caller), headers)
