"""Makes the API's contract: an OpenAPI 3.1 document."""

import re
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any, Final

from pydantic import BaseModel, TypeAdapter
from pydantic.json_schema import models_json_schema

from docgen.contract.answers import Problem
from docgen.contract.examples import ANSWERS, PARAMETERS, REQUESTS
from docgen.contract.operations import HEADERS, OPERATIONS, Operation, Success
from lambdas.shared.rest.fields import Sku
from lambdas.shared.rest.http_api import PROBLEM_TYPE

_SCHEMAS: Final = "#/components/schemas/"
_PART_OF: Final = {"path": "path", "query": "query", "headers": "header"}
"""The parts of a request as a model, and as OpenAPI calls them."""

_PATH_PARAMETERS: Final[Mapping[str, Any]] = {
    "order_id": {"type": "string", "format": "uuid"},
    "sku": TypeAdapter(Sku).json_schema(),
}
"""Those of calls that have no model, because nothing but the path is read."""

_SECURITY: Final[Mapping[str, list[dict[str, list[str]]]]] = {
    "customers": [{"signIn": []}],
    "operators": [{"signIn": []}],
    "both": [{"signIn": []}],
    "Stripe": [{"stripeSignature": []}],
    "anybody": [],
}

_PROBLEMS: Final[Mapping[HTTPStatus, tuple[str, str, str, str]]] = {
    HTTPStatus.BAD_REQUEST: (
        "InvalidRequest",
        "invalid-request",
        "The request is not valid",
        "Something is wrong with the request; `errors` names all of it.",
    ),
    HTTPStatus.UNAUTHORIZED: (
        "Unauthorized",
        "unauthorized",
        "Sign-in needed",
        "There is no ID token, or it is not valid, or not any more.",
    ),
    HTTPStatus.FORBIDDEN: (
        "Forbidden",
        "forbidden",
        "Not allowed",
        "The caller may not do this, or the firewall takes the request for an attack.",
    ),
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: (
        "BodyTooLarge",
        "body-too-large",
        "The body is too large",
        "A body has at most 64 KiB.",
    ),
    HTTPStatus.TOO_MANY_REQUESTS: (
        "TooManyRequests",
        "too-many-requests",
        "Too many requests",
        "Try again after `Retry-After` seconds.",
    ),
    HTTPStatus.INTERNAL_SERVER_ERROR: (
        "InternalError",
        "internal-error",
        "Internal error",
        "A mistake of ours. It is logged under the request's id.",
    ),
    HTTPStatus.BAD_GATEWAY: (
        "NoAnswer",
        "internal-error",
        "Internal error",
        "A mistake of ours: a function broke off.",
    ),
    HTTPStatus.SERVICE_UNAVAILABLE: (
        "Unavailable",
        "unavailable",
        "Not available",
        "Try again after `Retry-After` seconds; an order with the same `Idempotency-Key` is placed once.",
    ),
}
"""How every call may be answered: the response's name, the problem's type and title, and a description."""

_INTRODUCTION: Final = """\
The orders of a shop.

- **Sign in** with the shop's user pool, and send the ID token: `Authorization: Bearer ...`. Customers order
  and see their own orders; operators run the shop. What is somebody else's is answered as if it were not
  there.
- **Money** is an integer in the currency's minor unit. **Time** is UTC, ISO 8601.
- **Errors** are problem documents (RFC 9457): `type` is stable, `errors` names everything that is wrong at
  once, `instance` is the request's id. Unknown fields and parameters are refused.
- **Retries**: `429` and `503` carry `Retry-After`. Every call can be repeated: reads and cancellations by
  their nature, orders and deliveries by their `Idempotency-Key`, products by their `ETag`.
- Methods that there are not are answered `405` with `Allow`, unknown paths `404`.
"""


def contract() -> dict[str, Any]:
    """The whole document."""
    paths: dict[str, dict[str, Any]] = {}
    for call, operation in OPERATIONS.items():
        method, path = call.split(" ")
        paths.setdefault(path, {})[method.lower()] = _operation(path, operation)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Orders",
            "version": "1.0.0",
            "summary": "Place orders, follow them, and keep the stock",
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
            {"name": "Orders", "description": "What customers want"},
            {"name": "Inventory", "description": "What the shop has"},
            {"name": "Operations", "description": "For machines"},
        ],
        "paths": paths,
        "components": {
            "schemas": _schemas(),
            "responses": {
                name: _problem(status, kind, title, description)
                for status, (name, kind, title, description) in _PROBLEMS.items()
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
                "Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer"}},
                "WWW-Authenticate": {"required": True, "schema": {"type": "string", "const": "Bearer"}},
            },
            "securitySchemes": {
                "signIn": {
                    "type": "http",
                    "scheme": "bearer",
                    "bearerFormat": "JWT",
                    "description": "The ID token of a user of the stack's pool (`UserPoolClientId`).",
                },
                "stripeSignature": {
                    "type": "apiKey",
                    "in": "header",
                    "name": "Stripe-Signature",
                    "description": "Made by Stripe over the body (https://docs.stripe.com/webhooks/signature).",
                },
            },
        },
    }


def _operation(path: str, operation: Operation) -> dict[str, Any]:
    parameters = [*_parameters(path, operation)]
    body = _request_body(operation)
    return {
        "operationId": operation.operation_id,
        "tags": [operation.tag],
        "summary": operation.summary,
        "description": operation.description + _whose(operation),
        "security": _SECURITY[operation.callers],
        **({"parameters": parameters} if parameters else {}),
        **({"requestBody": body} if body else {}),
        "responses": dict(sorted(_responses(operation, has_body=bool(body)).items())),
    }


def _whose(operation: Operation) -> str:
    whose = {"customers": "\n\nCustomers only.", "operators": "\n\nOperators only."}
    return whose.get(operation.callers, "")


def _parameters(path: str, operation: Operation) -> Iterator[dict[str, Any]]:
    in_model: set[str] = set()
    if operation.request is not None:
        for part, where in _PART_OF.items():
            if part in operation.request.model_fields:
                model = operation.request.model_fields[part].annotation
                assert isinstance(model, type)  # noqa: S101 - the models' own rule, see RequestModel
                in_model.add(where)
                yield from _parameters_of(model, where)
    if "path" not in in_model:
        for name in re.findall(r"{(\w+)}", path):
            yield _parameter(name, "path", _PATH_PARAMETERS[name], required=True)
    for name, description in operation.headers.items():
        yield _parameter(name, "header", {"type": "string", "description": description}, required=False)


def _parameters_of(model: type[BaseModel], where: str) -> Iterator[dict[str, Any]]:
    schema = model.model_json_schema(ref_template=f"{_SCHEMAS}{{model}}")
    for name, of_parameter in schema["properties"].items():
        yield _parameter(name, where, of_parameter, required=name in schema.get("required", ()))


def _parameter(name: str, where: str, schema: Mapping[str, Any], *, required: bool) -> dict[str, Any]:
    described = {key: value for key, value in schema.items() if key not in {"title", "description"}}
    if "anyOf" in described:  # a parameter is left out, and never null
        described |= next(each for each in described.pop("anyOf") if each != {"type": "null"})
        described.pop("default")
    return {
        "name": name,
        "in": where,
        "required": required,
        **({"description": schema["description"]} if "description" in schema else {}),
        "schema": described,
        **({"example": PARAMETERS[name]} if name in PARAMETERS else {}),
    }


def _request_body(operation: Operation) -> dict[str, Any] | None:
    model = _body_of(operation)
    if model is None:
        return None
    schema = {"$ref": f"{_SCHEMAS}{model.__name__}"}
    content = {"schema": schema, "example": REQUESTS[operation.operation_id]}
    return {"required": True, "content": {"application/json": content}}


def _body_of(operation: Operation) -> Any:  # noqa: ANN401 - a model, which pydantic does not type
    fields = operation.request.model_fields if operation.request else {}
    return fields["body"].annotation if "body" in fields else operation.body


def _responses(operation: Operation, *, has_body: bool) -> dict[str, Any]:
    answers: dict[str, Any] = {
        str(int(status)): _success(success, ANSWERS[operation.operation_id])
        for status, success in operation.successes.items()
    }
    for status, description in operation.problems.items():
        kind = {
            HTTPStatus.UNPROCESSABLE_ENTITY: "idempotency-key-reused",
            HTTPStatus.PRECONDITION_FAILED: "precondition-failed",
            HTTPStatus.PRECONDITION_REQUIRED: "precondition-required",
            HTTPStatus.CONFLICT: {"cancelOrder": "nothing-to-cancel"}.get(
                operation.operation_id, "order-at-rest"
            ),
        }.get(status, "not-found")
        answers[str(int(status))] = _problem(status, kind, status.phrase, description)
    for status, (name, *_rest) in _PROBLEMS.items():
        if _may_be_answered(status, operation, has_body=has_body):
            answers[str(int(status))] = {"$ref": f"#/components/responses/{name}"}
    return answers


def _may_be_answered(status: HTTPStatus, operation: Operation, *, has_body: bool) -> bool:
    """Whether a call may be answered so by the gateway, or by what all functions have in common."""
    match status:
        case HTTPStatus.UNAUTHORIZED:
            return operation.callers not in {"Stripe", "anybody"}
        case HTTPStatus.BAD_REQUEST | HTTPStatus.BAD_GATEWAY | HTTPStatus.SERVICE_UNAVAILABLE:
            return operation.callers != "anybody"  # no function runs for those
        case HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
            return has_body
        case _:
            return True


def _success(success: Success, example: object) -> dict[str, Any]:
    answer: dict[str, Any] = {"description": success.description}
    if success.headers:
        answer["headers"] = {name: {"$ref": f"#/components/headers/{name}"} for name in success.headers}
    if success.links:
        answer["links"] = {
            operation: {"operationId": operation, "parameters": dict(parameters)}
            for operation, parameters in success.links.items()
        }
    if success.model is not None:
        schema = {"$ref": f"{_SCHEMAS}{success.model.__name__}"}
        answer["content"] = {"application/json": {"schema": schema, "example": example}}
    return answer


def _problem(status: HTTPStatus, kind: str, title: str, description: str) -> dict[str, Any]:
    header = {
        HTTPStatus.UNAUTHORIZED: "WWW-Authenticate",
        HTTPStatus.TOO_MANY_REQUESTS: "Retry-After",
        HTTPStatus.SERVICE_UNAVAILABLE: "Retry-After",
    }.get(status)
    example = {
        "type": f"{PROBLEM_TYPE}{kind}",
        "title": title,
        "status": int(status),
        "detail": description.replace("`", ""),
        "instance": "c6af9ac6-7b61-11e6-9a41-93e8deadbeef",
    }
    if status is HTTPStatus.BAD_REQUEST:
        example["detail"] = "items.0.quantity: Input should be greater than or equal to 1"
        example |= {
            "errors": [{"field": "items.0.quantity", "message": "Input should be greater than or equal to 1"}]
        }
    return {
        "description": description,
        **({"headers": {header: {"$ref": f"#/components/headers/{header}"}}} if header else {}),
        "content": {
            "application/problem+json": {"schema": {"$ref": f"{_SCHEMAS}Problem"}, "example": example}
        },
    }


def _schemas() -> dict[str, Any]:
    """The models that bodies are made of, and what they are made of."""
    models: list[Any] = [Problem]
    for operation in OPERATIONS.values():
        models += [success.model for success in operation.successes.values() if success.model]
        if body := _body_of(operation):
            models.append(body)
    _map, schema = models_json_schema(
        [(model, "validation") for model in dict.fromkeys(models)], ref_template=f"{_SCHEMAS}{{model}}"
    )
    schemas: dict[str, Any] = schema["$defs"]
    return {name: _tidied(each) for name, each in sorted(schemas.items())}


def _tidied(schema: Any) -> Any:  # noqa: ANN401 - any part of a schema
    """Without titles that only repeat names, and without defaults that stand for fields that are left out."""
    if isinstance(schema, list):
        return [_tidied(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        key: {name: _tidied(each) for name, each in value.items()} if key == "properties" else _tidied(value)
        for key, value in schema.items()
        if not (key == "title" and isinstance(value, str)) and not (key == "default" and value is None)
    }
