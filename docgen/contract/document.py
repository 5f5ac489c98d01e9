"""Builds the API's contract: an OpenAPI 3.1 document.

The titles of problems come from `ProblemKind` and not from `http.HTTPStatus`, whose phrases depend on the
version of Python. So every version builds the same document.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from pydantic import BaseModel, TypeAdapter
from pydantic.json_schema import models_json_schema

from docgen.contract.examples import PARAMETERS, REQUESTS, RESPONSES
from docgen.contract.operations import HEADERS, OPERATIONS, ApiOperation, Success
from docgen.contract.schemas import ProblemSchema
from lambdas.domain.vocabulary import ProblemKind
from lambdas.shared.rest.fields import Sku

_SCHEMAS: Final = "#/components/schemas/"
_PARTS: Final = {"path": "path", "query": "query", "headers": "header"}
"""Parts of a request: field of the model, and `in` of the OpenAPI parameter."""

_PATH_PARAMETERS: Final[Mapping[str, Any]] = {
    "order_id": {"type": "string", "format": "uuid"},
    "sku": TypeAdapter(Sku).json_schema(),
}
"""Path parameters of operations whose request has no model."""

_SECURITY: Final[Mapping[str, list[dict[str, list[str]]]]] = {
    "customers": [{"signIn": []}],
    "operators": [{"signIn": []}],
    "both": [{"signIn": []}],
    "Stripe": [{"stripeSignature": []}],
    "anybody": [],
}

_COMMON_PROBLEMS: Final[Mapping[int, tuple[str, ProblemKind, str]]] = {
    400: ("InvalidRequest", ProblemKind.INVALID_REQUEST, "The request is not valid; see `errors`."),
    401: ("Unauthorized", ProblemKind.UNAUTHORIZED, "The ID token is missing, invalid or expired."),
    403: (
        "Forbidden",
        ProblemKind.FORBIDDEN,
        "The caller lacks permission, or the firewall blocks the request.",
    ),
    413: ("BodyTooLarge", ProblemKind.BODY_TOO_LARGE, "The body is larger than 64 KiB."),
    429: ("TooManyRequests", ProblemKind.TOO_MANY_REQUESTS, "Try again after `Retry-After` seconds."),
    500: ("InternalError", ProblemKind.INTERNAL_ERROR, "An unexpected error. The log has the request id."),
    502: ("NoAnswer", ProblemKind.INTERNAL_ERROR, "The function ended without a response."),
    503: (
        "Unavailable",
        ProblemKind.UNAVAILABLE,
        "Try again after `Retry-After` seconds, with the same `Idempotency-Key` if the request has one.",
    ),
}
"""Responses that many operations share, by status code: component name, kind of problem, description."""

_INTRODUCTION: Final = """\
Place, follow and cancel orders, and manage the stock.

- **Sign-in**: send an ID token of the shop's user pool as `Authorization: Bearer ...`. Customers place orders
  and see their own orders; operators see all orders and manage the stock. For another customer's order the
  response is `404`. If the shop allows it, customers sign up in the user pool.
- **Money** is an integer in the currency's minor unit. **Time** is UTC in ISO 8601.
- **Errors** are problem documents (RFC 9457): `type` is stable, `errors` lists every invalid field, and
  `instance` is the request id, which AWS also sends as `x-amz-apigw-id`. Unknown fields and parameters are
  rejected.
- **Retries**: `429` and `503` have `Retry-After`. Reads, cancellations and retries can be repeated. A new
  order and a restock can be repeated with the same `Idempotency-Key`. A repeated `PUT` of a product returns
  `412` and changes nothing.
- Unknown paths return `404`. Unsupported methods return `405` with `Allow`.
"""


def contract() -> dict[str, Any]:
    """Build the document."""
    paths: dict[str, dict[str, Any]] = {}
    for call, operation in OPERATIONS.items():
        method, path = call.split(" ")
        paths.setdefault(path, {})[method.lower()] = _operation(path, operation)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Orders",
            "version": "1.0.0",
            "summary": "Place orders, follow them, and manage the stock",
            "description": _INTRODUCTION,
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [
            {
                "url": "https://{api}.execute-api.{region}.amazonaws.com/v1",
                "description": "The stack's output `ApiUrl`",
                "variables": {"api": {"default": "abcdef1234"}, "region": {"default": "eu-central-1"}},
            }
        ],
        "tags": [
            {"name": "Orders", "description": "Customers' orders"},
            {"name": "Customers", "description": "Customers' personal data"},
            {"name": "Inventory", "description": "Products and their stock"},
            {"name": "Operations", "description": "Called by other systems"},
        ],
        "paths": paths,
        "components": {
            "schemas": _schemas(),
            "responses": {
                name: _problem(status, kind, description)
                for status, (name, kind, description) in _COMMON_PROBLEMS.items()
            },
            "headers": {
                name: {
                    "description": description,
                    "required": name != "Idempotent-Replayed",
                    "schema": {"type": "string"},
                    "example": example,
                }
                for name, (description, example) in HEADERS.items()
            }
            | {
                "Retry-After": {
                    "description": "Seconds to wait before the next request.",
                    "schema": {"type": "integer"},
                },
                "WWW-Authenticate": {"required": True, "schema": {"type": "string", "const": "Bearer"}},
            },
            "securitySchemes": {
                "signIn": {
                    "type": "http",
                    "scheme": "bearer",
                    "bearerFormat": "JWT",
                    "description": "ID token of a user of the stack's pool (`UserPoolClientId`).",
                },
                "stripeSignature": {
                    "type": "apiKey",
                    "in": "header",
                    "name": "Stripe-Signature",
                    "description": "Signature of the body (https://docs.stripe.com/webhooks/signature).",
                },
            },
        },
    }


def _operation(path: str, operation: ApiOperation) -> dict[str, Any]:
    parameters = [*_parameters(path, operation)]
    body = _request_body(operation)
    return {
        "operationId": operation.operation_id,
        "tags": [operation.tag],
        "summary": operation.summary,
        "description": operation.description + _callers(operation),
        "security": _SECURITY[operation.callers],
        **({"parameters": parameters} if parameters else {}),
        **({"requestBody": body} if body else {}),
        "responses": dict(sorted(_responses(operation, has_body=bool(body)).items())),
    }


def _callers(operation: ApiOperation) -> str:
    sentences = {"customers": "\n\nCustomers only.", "operators": "\n\nOperators only."}
    return sentences.get(operation.callers, "")


def _parameters(path: str, operation: ApiOperation) -> Iterator[dict[str, Any]]:
    in_model: set[str] = set()
    if operation.request is not None:
        for part, where in _PARTS.items():
            if part in operation.request.model_fields:
                model = operation.request.model_fields[part].annotation
                assert isinstance(model, type)  # noqa: S101 - RequestModel's rule: each part is a model
                in_model.add(where)
                yield from _parameters_of(model, where)
    if "path" not in in_model:
        for name in re.findall(r"{(\w+)}", path):
            yield _parameter(name, "path", _PATH_PARAMETERS[name], required=True)
    for name, description in operation.headers.items():
        yield _parameter(name, "header", {"type": "string", "description": description}, required=False)


def _parameters_of(model: type[BaseModel], where: str) -> Iterator[dict[str, Any]]:
    schema = model.model_json_schema(ref_template=f"{_SCHEMAS}{{model}}")
    for name, parameter in schema["properties"].items():
        yield _parameter(name, where, parameter, required=name in schema.get("required", ()))


def _parameter(name: str, where: str, schema: Mapping[str, Any], *, required: bool) -> dict[str, Any]:
    own_schema = {key: value for key, value in schema.items() if key not in {"title", "description"}}
    if "anyOf" in own_schema:  # an optional parameter can be absent, but not null
        own_schema |= next(each for each in own_schema.pop("anyOf") if each != {"type": "null"})
        own_schema.pop("default")
    return {
        "name": name,
        "in": where,
        "required": required,
        **({"description": schema["description"]} if "description" in schema else {}),
        "schema": own_schema,
        **({"example": PARAMETERS[name]} if name in PARAMETERS else {}),
    }


def _request_body(operation: ApiOperation) -> dict[str, Any] | None:
    model = _body_of(operation)
    if model is None:
        return None
    content = {"schema": _reference(model), "example": REQUESTS[operation.operation_id]}
    required = operation.request is None or operation.request.model_fields["body"].is_required()
    return {"required": required, "content": {"application/json": content}}


def _reference(model: type[BaseModel]) -> dict[str, str]:
    return {"$ref": _published(f"{_SCHEMAS}{model.__name__}")}


def _published(name: str) -> str:
    return name.removesuffix("Schema")


def _body_of(operation: ApiOperation) -> Any:  # noqa: ANN401 - a model, which pydantic does not type
    fields = operation.request.model_fields if operation.request else {}
    return fields["body"].annotation if "body" in fields else operation.body


def _responses(operation: ApiOperation, *, has_body: bool) -> dict[str, Any]:
    common = {
        str(status): {"$ref": f"#/components/responses/{name}"}
        for status, (name, *_rest) in _COMMON_PROBLEMS.items()
        if _is_possible(status, operation, has_body=has_body)
    }
    successes = {
        str(status): _success(success, RESPONSES[operation.operation_id])
        for status, success in operation.successes.items()
    }
    problems = {
        str(kind.status): _problem(kind.status, kind, description)
        for kind, description in operation.problems.items()
    }
    return common | successes | problems


def _is_possible(status: int, operation: ApiOperation, *, has_body: bool) -> bool:
    """Whether an operation can return this common problem."""
    match status:
        case 401:
            return operation.callers not in {"Stripe", "anybody"}
        case 400 | 502 | 503:
            return operation.callers != "anybody"  # those call no function
        case 413:
            return has_body
        case _:
            return True


def _success(success: Success, example: object) -> dict[str, Any]:
    response: dict[str, Any] = {"description": success.description}
    if success.headers:
        response["headers"] = {name: {"$ref": f"#/components/headers/{name}"} for name in success.headers}
    if success.links:
        response["links"] = {
            operation: {"operationId": operation, "parameters": dict(parameters)}
            for operation, parameters in success.links.items()
        }
    if success.model is not None:
        response["content"] = {"application/json": {"schema": _reference(success.model), "example": example}}
    return response


def _problem(status: int, kind: ProblemKind, description: str) -> dict[str, Any]:
    header = {401: "WWW-Authenticate", 429: "Retry-After", 503: "Retry-After"}.get(status)
    example = {
        "type": kind.type,
        "title": kind.title,
        "status": status,
        "detail": description.replace("`", ""),
        "instance": "KH3x8EoXoAMEVwg=",
    }
    if kind is ProblemKind.INVALID_REQUEST:
        error = {"field": "items.0.quantity", "message": "Input should be greater than or equal to 1"}
        example |= {"detail": f"{error['field']}: {error['message']}", "errors": [error]}
    return {
        "description": description,
        **({"headers": {header: {"$ref": f"#/components/headers/{header}"}}} if header else {}),
        "content": {"application/problem+json": {"schema": _reference(ProblemSchema), "example": example}},
    }


def _schemas() -> dict[str, Any]:
    """Build the schemas of all bodies, and of their parts.

    Raises:
        ValueError: A part of a request and a part of a response would have the same name.
    """
    models: list[Any] = [ProblemSchema]
    for operation in OPERATIONS.values():
        models += [success.model for success in operation.successes.values() if success.model]
        if body := _body_of(operation):
            models.append(body)
    _map, schema = models_json_schema(
        [(model, "validation") for model in dict.fromkeys(models)], ref_template=f"{_SCHEMAS}{{model}}"
    )
    published = {_published(name): _tidied(each) for name, each in sorted(schema["$defs"].items())}
    if len(published) < len(schema["$defs"]):
        raise ValueError("two schemas have one name: name a part of a response differently")
    return published


def _tidied(schema: Any) -> Any:  # noqa: ANN401 - any part of a schema
    """Rename references, and remove titles that repeat names and null defaults of optional fields."""
    if isinstance(schema, list):
        return [_tidied(each) for each in schema]
    if isinstance(schema, str):
        return _published(schema) if schema.startswith(_SCHEMAS) else schema
    if not isinstance(schema, dict):
        return schema
    return {
        key: {name: _tidied(each) for name, each in value.items()} if key == "properties" else _tidied(value)
        for key, value in schema.items()
        if not (key == "title" and isinstance(value, str)) and not (key == "default" and value is None)
    }
