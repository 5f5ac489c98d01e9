"""DynamoDB's attribute values to and from plain Python: integers stay integers."""

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import AttributeValueTypeDef

_SERIALIZER: Final = TypeSerializer()
_DESERIALIZER: Final = TypeDeserializer()


def to_attributes(values: Mapping[str, Any]) -> "dict[str, AttributeValueTypeDef]":
    """An item (or expression values) as DynamoDB takes it."""
    return {name: _SERIALIZER.serialize(value) for name, value in values.items()}


def from_attributes(attributes: Mapping[str, Any]) -> dict[str, Any]:
    """An item as DynamoDB gives it, in an answer or on a stream, as plain Python."""
    return {name: _plain(_DESERIALIZER.deserialize(value)) for name, value in attributes.items()}


def attribute_names(*expressions: str) -> dict[str, str]:
    """The names behind the `#placeholders` of expressions: each stands for the attribute of its name.

    Every name is a placeholder, so no one has to know DynamoDB's 573 reserved words.
    """
    return {f"#{name}": name for expression in expressions for name in re.findall(r"#(\w+)", expression)}


def _plain(value: Any) -> Any:  # noqa: ANN401 - an attribute can be anything
    if isinstance(value, Decimal):
        return int(value)
    if isinstance(value, list):
        return [_plain(each) for each in value]
    if isinstance(value, dict):
        return {name: _plain(each) for name, each in value.items()}
    return value
