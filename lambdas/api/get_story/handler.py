"""`GET /orders/{order_id}/story`."""

from datetime import UTC, datetime
from http import HTTPStatus

from lambdas.api.get_story.log_search import LogSearch
from lambdas.api.get_story.logic import period_of, story_of
from lambdas.shared.rest.caller import caller_of, require_operator
from lambdas.shared.rest.endpoint import endpoint
from lambdas.shared.rest.http_request import HttpRequest
from lambdas.shared.rest.http_response import HttpResponse
from lambdas.shared.rest.order_access import order_for
from lambdas.shared.settings import Settings
from lambdas.shared.store.audit import AuditTable
from lambdas.shared.store.orders import OrderTable


@endpoint
def handler(http: HttpRequest) -> HttpResponse:
    """Return everything that happened to an order, in the order of time; see `story_of`."""
    caller, settings = caller_of(http), Settings()
    require_operator(caller)
    http.reject_parameters()
    order = order_for(caller, http.path["order_id"], OrderTable.from_settings(settings))
    events = AuditTable.from_settings(settings).events_of(order.order_id)
    period = period_of(order, datetime.now(UTC), settings.log_retention_days)
    found = LogSearch.from_settings(settings).lines_about(order.order_id, period.since, period.until)
    return HttpResponse(HTTPStatus.OK, story_of(order, events, found, period, settings.logged_functions))
