"""`POST /orders/{order_id}/refunds`."""

from http import HTTPStatus

from lambdas.api.request_refund.logic import request_refund
from lambdas.api.request_refund.request import RequestRefundRequest
from lambdas.shared.log import logger
from lambdas.shared.rest.caller import caller_of, require_operator
from lambdas.shared.rest.endpoint import endpoint
from lambdas.shared.rest.http_request import HttpRequest
from lambdas.shared.rest.http_response import HttpResponse
from lambdas.shared.rest.order_access import order_for
from lambdas.shared.rest.order_representation import represent
from lambdas.shared.rest.parsing import parse
from lambdas.shared.settings import Settings
from lambdas.shared.store.orders import OrderTable


@endpoint
def handler(http: HttpRequest) -> HttpResponse:
    """Accept a refund of lines; see `request_refund`."""
    caller, orders = caller_of(http), OrderTable.from_settings(Settings())
    require_operator(caller)
    request = parse(RequestRefundRequest, http)
    accepted = request_refund(
        order_for(caller, http.path["order_id"], orders),
        request.headers.idempotency_key,
        request.body,
        caller,
        orders,
    )
    logger.info("refund requested", extra={"by": caller.customer_id, "replayed": accepted.replayed})
    headers = {"Idempotent-Replayed": "true"} if accepted.replayed else {}
    return HttpResponse(HTTPStatus.ACCEPTED, represent(accepted.order, caller), headers)
