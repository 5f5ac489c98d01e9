"""`PUT /inventory/{sku}`."""

from http import HTTPStatus

from lambdas.api.put_inventory.logic import put_inventory
from lambdas.api.put_inventory.request import PutProductRequest
from lambdas.shared.rest.caller import caller_of, require_operator
from lambdas.shared.rest.endpoint import endpoint
from lambdas.shared.rest.entity_tag import entity_tag
from lambdas.shared.rest.http_request import HttpRequest
from lambdas.shared.rest.http_response import HttpResponse
from lambdas.shared.rest.parsing import parse
from lambdas.shared.rest.product_representation import represent_product
from lambdas.shared.settings import Settings
from lambdas.shared.store.inventory import InventoryTable


@endpoint
def handler(http: HttpRequest) -> HttpResponse:
    """Create or replace a product; see `put_inventory`."""
    require_operator(caller_of(http))
    request = parse(PutProductRequest, http)
    product = put_inventory(request, InventoryTable.from_settings(Settings()))
    status = HTTPStatus.OK if request.headers.if_match else HTTPStatus.CREATED
    return HttpResponse(status, represent_product(product), {"ETag": entity_tag(product.version)})
