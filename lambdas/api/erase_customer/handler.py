"""`POST /customers/{customer_id}/erase`."""

from dataclasses import asdict
from http import HTTPStatus

from lambdas.api.erase_customer.logic import erase_customer
from lambdas.api.erase_customer.request import EraseCustomerRequest
from lambdas.shared.log import logger
from lambdas.shared.rest.caller import caller_of, require_operator
from lambdas.shared.rest.endpoint import endpoint
from lambdas.shared.rest.http_request import HttpRequest
from lambdas.shared.rest.http_response import HttpResponse
from lambdas.shared.rest.parsing import parse
from lambdas.shared.settings import Settings
from lambdas.shared.store.listings import OrderListing
from lambdas.shared.store.orders import OrderTable


@endpoint
def handler(http: HttpRequest) -> HttpResponse:
    """Remove a customer's personal data from their orders; see `erase_customer`."""
    caller, settings = caller_of(http), Settings()
    require_operator(caller)
    customer_id = parse(EraseCustomerRequest, http).path.customer_id
    erasure = erase_customer(
        customer_id, OrderListing.from_settings(settings), OrderTable.from_settings(settings)
    )
    logger.info(
        "customer erased",
        extra={"customer_id": customer_id, "by": caller.customer_id, "orders": erasure.erased},
    )
    return HttpResponse(HTTPStatus.OK, asdict(erasure))
