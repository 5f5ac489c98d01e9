"""Plain Python values to and from DynamoDB's attribute values. Integers stay integers."""

from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import AttributeValueTypeDef

_SERIALIZER: Final = TypeSerializer()
_DESERIALIZER: Final = TypeDeserializer()


def to_attributes(values: Mapping[str, Any]) -> "dict[str, AttributeValueTypeDef]":
    """Convert an item, or the values of an expression, to DynamoDB's form."""
    return {name: _SERIALIZER.serialize(value) for name, value in values.items()}


def from_attributes(attributes: Mapping[str, Any]) -> dict[str, Any]:
    """Convert an item from DynamoDB's form, in a response or a stream record, to plain Python."""
    return {name: _plain(_DESERIALIZER.deserialize(value)) for name, value in attributes.items()}


def _plain(value: Any) -> Any:  # noqa: ANN401 - an attribute can be anything
    if isinstance(value, Decimal):
        return int(value)
    if isinstance(value, list):
        return [_plain(each) for each in value]
    if isinstance(value, dict):
        return {name: _plain(each) for name, each in value.items()}
    return value
