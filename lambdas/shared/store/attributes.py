"""Plain Python values to and from DynamoDB's attribute values. Integers stay integers."""

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from boto3.dynamodb.types import TypeSerializer

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import AttributeValueTypeDef

_SERIALIZER: Final = TypeSerializer()
_INTEGER: Final = re.compile(r"-?[0-9]+")


def to_attributes(values: Mapping[str, Any]) -> "dict[str, AttributeValueTypeDef]":
    """Convert an item, or the values of an expression, to DynamoDB's form."""
    return {name: _SERIALIZER.serialize(value) for name, value in values.items()}


def from_attributes(attributes: Mapping[str, Any]) -> dict[str, Any]:
    """Convert an item from DynamoDB's form, in a response or a stream record, to plain Python."""
    return {name: _plain(attribute) for name, attribute in attributes.items()}


def _plain(attribute: Mapping[str, Any]) -> Any:  # noqa: ANN401 - an attribute can be anything
    ((kind, value),) = attribute.items()
    match kind:
        case "N":
            return int(value) if _INTEGER.fullmatch(value) else Decimal(value)
        case "L":
            return [_plain(each) for each in value]
        case "M":
            return from_attributes(value)
        case "SS":
            return set(value)
        case "NULL":
            return None
    return value  # "S" and "BOOL"; we store no others
