"""`GET /orders/{order_id}`."""

from http import HTTPStatus

from lambdas.shared.rest.caller import caller_of
from lambdas.shared.rest.endpoint import endpoint
from lambdas.shared.rest.http_request import HttpRequest
from lambdas.shared.rest.http_response import HttpResponse
from lambdas.shared.rest.order_access import order_for
from lambdas.shared.rest.order_representation import represent
from lambdas.shared.settings import Settings
from lambdas.shared.store.orders import OrderTable


@endpoint
def handler(http: HttpRequest) -> HttpResponse:
    """Return an order to its customer or an operator, who may have to write to the customer; one read."""
    caller = caller_of(http)
    http.reject_parameters()
    order = order_for(caller, http.path["order_id"], OrderTable.from_settings(Settings()))
    return HttpResponse(HTTPStatus.OK, represent(order, caller, with_address=True))
