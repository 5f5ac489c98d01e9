"""The published contract of the events: up to date, sound, and compatible with its last release."""

import json
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator, Draft202012Validator
from openapi_spec_validator import validate

from docgen.event_contract.asyncapi import asyncapi
from docgen.event_contract.examples import examples
from docgen.event_contract.files import FOLDER, event_contract_files
from docgen.event_contract.registry import registry_schemas
from docgen.event_contract.schema_changes import breaking_changes
from docgen.event_contract.schemas import detail_schemas
from lambdas.domain.order_events import DETAILS, VERSION
from lambdas.domain.vocabulary import EventType
from proof.event_contract import breaches

RELEASED = sorted((FOLDER / "released" / str(VERSION)).glob("*.schema.json"))
FAILED = json.loads((FOLDER / "released" / str(VERSION) / "OrderFailed.schema.json").read_text())


@pytest.mark.parametrize(
    ("file", "text"), event_contract_files().items(), ids=lambda each: Path(each).name[:40]
)
def test_the_contract_is_up_to_date(file: Path, text: str) -> None:
    is_current = file.read_text(encoding="utf-8") == text

    assert is_current, f"{file} is out of date: run `make docs`"


def test_no_file_is_left_of_a_type_that_is_gone() -> None:
    files = {*FOLDER.glob("*.json"), *(FOLDER / "registry").iterdir()}

    assert files == event_contract_files().keys()


def test_every_event_type_has_a_model_and_an_example() -> None:
    assert set(DETAILS) == set(examples()) == set(EventType)


@pytest.mark.parametrize("schema", detail_schemas().values(), ids=detail_schemas())
def test_a_schema_is_sound(schema: dict[str, Any]) -> None:
    Draft202012Validator.check_schema(schema)


@pytest.mark.parametrize(("event", "example"), examples().items(), ids=examples())
def test_an_example_has_the_fields_of_its_schema_only(event: EventType, example: dict[str, Any]) -> None:
    assert breaches(event, example["detail"]) == []


@pytest.mark.parametrize(
    ("change", "breach"),
    [
        ({"email": "customer@example.com"}, "Additional properties are not allowed"),
        ({"amount": "75800"}, "$.amount: '75800' is not of type"),
        ({"status": "CONFIRMED"}, "$.status: 'FAILED' was expected"),
        ({"order_id": "o-1"}, "$.order_id: 'o-1' is not a 'uuid'"),
        ({"failure": {"code": "out_of_stock"}}, "$.failure: 'message' is a required property"),
    ],
)
def test_a_breach_of_the_contract_is_found(change: dict[str, object], breach: str) -> None:
    (found,) = breaches("OrderFailed", {**examples()[EventType.ORDER_FAILED]["detail"], **change})

    assert breach in found


def test_an_event_without_a_schema_is_a_breach() -> None:
    assert breaches("OrderLost", {}) == ["OrderLost has no schema"]


def test_a_consumer_accepts_a_field_that_is_added_later() -> None:
    detail = {**examples()[EventType.ORDER_FAILED]["detail"], "gift_note": "Enjoy!"}

    Draft202012Validator(detail_schemas()[EventType.ORDER_FAILED]).validate(detail)


@pytest.mark.parametrize("document", registry_schemas().values(), ids=registry_schemas())
def test_the_registrys_schemas_are_valid_openapi(document: dict[str, Any]) -> None:
    validate(document)


def test_the_asyncapi_document_refers_to_its_own_parts_only() -> None:
    document = asyncapi()

    for reference in references(document):
        part: Any = document
        for step in reference.removeprefix("#/").split("/"):
            part = part[step]
        assert part, reference


@pytest.mark.parametrize("event", EventType)
def test_an_example_of_the_asyncapi_document_has_its_payload(event: EventType) -> None:
    document = asyncapi()
    message = document["components"]["messages"][event]

    [example] = message["examples"]

    Draft7Validator({**document, **message["payload"]}).validate(example["payload"])


def references(part: object) -> list[str]:
    match part:
        case dict():
            own = [part["$ref"]] if "$ref" in part else []
            return own + [each for value in part.values() for each in references(value)]
        case list():
            return [each for value in part for each in references(value)]
    return []


# The last release


@pytest.mark.parametrize("file", RELEASED, ids=lambda file: file.stem)
def test_the_last_release_is_still_kept(file: Path) -> None:
    released, current = json.loads(file.read_text()), detail_schemas()

    event = EventType(released["title"])
    assert list(breaking_changes(released, current[event])) == []


def without_a_field(schema: dict[str, Any]) -> None:
    del schema["properties"]["currency"]
    schema["required"].remove("currency")


def without_an_optional_field(schema: dict[str, Any]) -> None:
    del schema["properties"]["payment"]


def with_another_type(schema: dict[str, Any]) -> None:
    schema["properties"]["customer_id"]["type"] = "integer"


def that_may_be_null(schema: dict[str, Any]) -> None:
    schema["properties"]["currency"]["type"] = ["string", "null"]


def never_null(schema: dict[str, Any]) -> None:
    schema["properties"]["amount"]["type"] = "integer"


def with_a_wider_limit(schema: dict[str, Any]) -> None:
    del schema["properties"]["items"]["minItems"]


def with_another_constant(schema: dict[str, Any]) -> None:
    schema["properties"]["status"]["const"] = "LOST"


def no_longer_required(schema: dict[str, Any]) -> None:
    schema["required"].remove("failure")


def newly_required(schema: dict[str, Any]) -> None:
    schema["required"].append("request_id")


def with_a_new_required_field(schema: dict[str, Any]) -> None:
    schema["properties"]["channel"] = {"type": "string"}
    schema["required"].append("channel")


def with_another_part(schema: dict[str, Any]) -> None:
    code = schema["$defs"]["Failure"]["properties"]["code"]
    schema["$defs"]["Other"] = {"type": "object", "required": ["code"], "properties": {"code": code}}
    schema["properties"]["failure"]["$ref"] = "#/$defs/Other"


def with_a_part_that_lost_a_field(schema: dict[str, Any]) -> None:
    del schema["$defs"]["Item"]["properties"]["sku"]


def closed_to_new_fields(schema: dict[str, Any]) -> None:
    schema["additionalProperties"] = False


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (without_a_field, "detail.currency is gone"),
        (without_an_optional_field, "detail.payment is gone"),
        (with_another_type, "detail.customer_id has other values"),
        (that_may_be_null, "detail.currency has other values"),
        (never_null, "detail.amount has other values"),
        (with_a_wider_limit, "detail.items has other values"),
        (with_another_constant, "detail.status has other values"),
        (no_longer_required, "detail.failure is no longer always present"),
        (newly_required, "detail.request_id is required, and earlier events lack it"),
        (with_a_new_required_field, "detail.channel is required, and earlier events lack it"),
        (with_another_part, "detail.failure.message is gone"),
        (with_a_part_that_lost_a_field, "detail.items[].sku is gone"),
        (closed_to_new_fields, "detail has other values"),
    ],
)
def test_a_change_that_breaks_somebody_is_found(change: Callable[[dict[str, Any]], None], found: str) -> None:
    changed = deepcopy(FAILED)
    change(changed)

    assert list(breaking_changes(FAILED, changed)) == [found]


def with_a_new_optional_field(schema: dict[str, Any]) -> None:
    schema["properties"]["gift_note"] = {"type": "string"}


def with_a_new_optional_field_of_a_part(schema: dict[str, Any]) -> None:
    schema["$defs"]["Item"]["properties"]["discount"] = {"type": "integer"}


def with_another_name_of_a_part(schema: dict[str, Any]) -> None:
    schema["$defs"]["Line"] = schema["$defs"].pop("Item")
    schema["properties"]["items"]["items"]["$ref"] = "#/$defs/Line"


def with_another_description(schema: dict[str, Any]) -> None:
    schema["properties"]["currency"]["description"] = "The currency."


@pytest.mark.parametrize(
    "change",
    [
        with_a_new_optional_field,
        with_a_new_optional_field_of_a_part,
        with_another_name_of_a_part,
        with_another_description,
    ],
)
def test_a_change_that_breaks_nobody_is_permitted(change: Callable[[dict[str, Any]], None]) -> None:
    changed = deepcopy(FAILED)
    change(changed)

    assert list(breaking_changes(FAILED, changed)) == []
