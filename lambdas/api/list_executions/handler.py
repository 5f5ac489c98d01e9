"""`GET /orders/{order_id}/executions`."""

from dataclasses import asdict
from http import HTTPStatus

from lambdas.api.list_executions.logic import list_executions
from lambdas.api.list_executions.reader import HistoryReader
from lambdas.shared.rest.caller import caller_of, require_operator
from lambdas.shared.rest.endpoint import endpoint
from lambdas.shared.rest.http_request import HttpRequest
from lambdas.shared.rest.http_response import HttpResponse
from lambdas.shared.rest.order_access import order_for
from lambdas.shared.settings import Settings
from lambdas.shared.store.orders import OrderTable


@endpoint
def handler(http: HttpRequest) -> HttpResponse:
    """Return the executions of an order; see `list_executions`."""
    caller, settings = caller_of(http), Settings()
    require_operator(caller)
    http.reject_parameters()
    order = order_for(caller, http.path["order_id"], OrderTable.from_settings(settings))
    executions = list_executions(order, HistoryReader.from_settings(settings).read)
    return HttpResponse(HTTPStatus.OK, {"executions": [asdict(execution) for execution in executions]})
