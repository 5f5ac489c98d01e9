"""The contract is valid and complete, and the functions keep it."""

import json
from collections.abc import Iterator, Mapping
from functools import cache
from http import HTTPStatus
from typing import Any, Final

import pytest
from jsonschema import Draft202012Validator, FormatChecker
from openapi_spec_validator import validate
from pydantic import TypeAdapter

from docgen.contract.document import contract
from docgen.contract.files import contract_files
from docgen.contract.operations import OPERATIONS
from docgen.contract.schemas import OrderSchema, ProblemSchema, ProductSchema
from lambdas.domain.order import Failure, Order, OrderStatus, Payment, PaymentStatus
from lambdas.domain.vocabulary import FailureCode, ProblemKind
from lambdas.shared.rest.caller import Caller
from lambdas.shared.rest.order_representation import represent
from lambdas.shared.rest.problem import FieldError, invalid_request
from lambdas.shared.rest.product_representation import represent_product
from tests.unit.lambdas.builders import ARMCHAIR, CUSTOMER, an_order, priced

BY_ALL: Final = {"403", "429", "500"}
BY_FUNCTIONS: Final = {"400", "502", "503"}


@cache
def document() -> dict[str, Any]:
    return contract()


def operations() -> Iterator[tuple[str, dict[str, Any]]]:
    for path, methods in document()["paths"].items():
        for method, operation in methods.items():
            yield f"{method.upper()} {path}", operation


def resolved(part: dict[str, Any]) -> dict[str, Any]:
    """Follow the part's `$ref`, if it is one."""
    for name in part.get("$ref", "#").split("/")[1:]:
        part = document()[name] if name == "components" else part[name]
    return part


def test_the_contract_files_are_up_to_date() -> None:
    stale = [path.name for path, text in contract_files().items() if path.read_text(encoding="utf-8") != text]

    assert not stale, f"{', '.join(stale)}: run `make docs`"


def test_it_is_valid_openapi() -> None:
    validate(document())


def test_every_operation_has_a_unique_id() -> None:
    names = [operation["operationId"] for _call, operation in operations()]

    assert len(set(names)) == len(names) == len(OPERATIONS)


@pytest.mark.parametrize(("call", "operation"), list(operations()), ids=[call for call, _ in operations()])
def test_every_operation_lists_its_possible_statuses(call: str, operation: dict[str, Any]) -> None:
    statuses = operation["responses"].keys()

    expected = set(BY_ALL)
    if call != "GET /health":  # API Gateway responds itself
        expected |= BY_FUNCTIONS
    if operation["security"] == [{"signIn": []}]:
        expected |= {"401"}
    if "requestBody" in operation:
        expected |= {"413"}
    if "{" in call and not call.startswith("PUT "):
        expected |= {"404"}
    if any(each["name"] == "Idempotency-Key" for each in operation.get("parameters", ())):
        expected |= {"422"}
    assert statuses >= expected
    assert min(statuses) < "300"


def examples() -> dict[str, tuple[dict[str, Any], object]]:
    """Collect every example with its schema, by its place in the document."""
    found = {}
    for call, operation in operations():
        for each in operation.get("parameters", ()):
            if "example" in each:
                found[f"{call} {each['name']}"] = (each["schema"], each["example"])
        bodies = {"request": operation.get("requestBody", {})} | operation["responses"]
        for name, body in bodies.items():
            for media_type in resolved(body).get("content", {}).values():
                found[f"{call} {name}"] = (media_type["schema"], media_type["example"])
    return found


@pytest.mark.parametrize(("schema", "example"), examples().values(), ids=examples())
def test_every_example_is_valid(schema: dict[str, Any], example: object) -> None:
    components = {"components": document()["components"]}

    Draft202012Validator(schema | components, format_checker=FormatChecker()).validate(example)


def test_every_problem_has_its_status_and_the_title_of_its_kind() -> None:
    titles = {kind.type: kind.title for kind in ProblemKind}
    for call, operation in operations():
        for status, response in operation["responses"].items():
            if int(status) >= HTTPStatus.BAD_REQUEST:
                example = resolved(response)["content"]["application/problem+json"]["example"]
                assert (str(example["status"]), example["title"]) == (status, titles[example["type"]]), call


# What the functions return


ORDERS: Final[Mapping[str, Order]] = {
    "accepted": an_order(),
    "waiting": an_order(
        priced(ARMCHAIR),
        status=OrderStatus.AWAITING_PAYMENT,
        amount=75_800,
        payment=Payment(PaymentStatus.REQUIRES_ACTION, "pi_1", {"type": "use_stripe_sdk"}, "pi_1_secret"),
    ),
    **{
        code: an_order(status=OrderStatus.FAILED, failure=Failure(code, "A sentence."))
        for code in FailureCode
    },
}


@pytest.mark.parametrize("order", ORDERS.values(), ids=ORDERS)
def test_an_order_matches_its_schema(order: Order) -> None:
    shown = represent(order, Caller(CUSTOMER, is_operator=False))

    OrderSchema.model_validate_json(json.dumps(shown), strict=True)


def test_a_product_matches_its_schema() -> None:
    ProductSchema.model_validate_json(json.dumps(represent_product(ARMCHAIR)), strict=True)


def test_a_problem_matches_its_schema() -> None:
    problem = invalid_request(FieldError("email", "is none")).as_response("request-1")

    ProblemSchema.model_validate_json(json.dumps(problem.body), strict=True)


def test_an_undocumented_field_is_rejected() -> None:
    with pytest.raises(ValueError, match="Extra inputs"):
        TypeAdapter(ProductSchema).validate_python(represent_product(ARMCHAIR) | {"version": 1})


def test_the_contract_lets_later_releases_add_fields_to_responses() -> None:
    for call, operation in operations():
        for response in operation["responses"].values():
            for body in resolved(response).get("content", {}).values():
                assert "additionalProperties" not in resolved(body["schema"]), call
