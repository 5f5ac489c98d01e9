"""`PATCH /inventory/{sku}`."""

from http import HTTPStatus

from lambdas.api.patch_inventory.request import PatchProductRequest
from lambdas.shared.rest.caller import caller_of, require_operator
from lambdas.shared.rest.endpoint import endpoint
from lambdas.shared.rest.entity_tag import entity_tag
from lambdas.shared.rest.http_request import HttpRequest
from lambdas.shared.rest.http_response import HttpResponse
from lambdas.shared.rest.parsing import parse
from lambdas.shared.rest.problem import not_found
from lambdas.shared.rest.product_representation import represent_product
from lambdas.shared.settings import Settings
from lambdas.shared.store.inventory import InventoryTable


@endpoint
def handler(http: HttpRequest) -> HttpResponse:
    """Change a product, but not its stock; no version is compared, so a sale does not refuse it."""
    require_operator(caller_of(http))
    request = parse(PatchProductRequest, http)
    changes = request.body.model_dump(exclude_none=True)
    product = InventoryTable.from_settings(Settings()).change(request.path.sku, changes)
    if product is None:
        raise not_found("product")
    return HttpResponse(HTTPStatus.OK, represent_product(product), {"ETag": entity_tag(product.version)})
