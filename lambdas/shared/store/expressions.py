"""Builds DynamoDB's expressions from conditions and changes.

A condition is built with boto3's `Attr` or `Key`, and a change is an `Update`. Every name and value becomes a
placeholder, so an attribute can have the name of one of DynamoDB's reserved words.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from boto3.dynamodb.conditions import ConditionBase, ConditionExpressionBuilder

from lambdas.shared.store.attributes import to_attributes

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import UpdateTypeDef


def condition_parameters(condition: ConditionBase) -> Any:  # noqa: ANN401 - each call has its own TypedDict
    """Parameters of a call that writes only if a condition holds."""
    expression, names, values = ConditionExpressionBuilder().build_expression(condition)
    return _parameters({"ConditionExpression": expression}, names, values)


def key_condition_parameters(condition: ConditionBase) -> Any:  # noqa: ANN401 - each call has its own TypedDict
    """Parameters of a query for the items whose keys fulfil a condition."""
    expression, names, values = ConditionExpressionBuilder().build_expression(
        condition, is_key_condition=True
    )
    return _parameters({"KeyConditionExpression": expression}, names, values)


def projection_parameters(names: Iterable[str]) -> Any:  # noqa: ANN401 - each call has its own TypedDict
    """Parameters of a read that returns only these attributes at the top level."""
    placeholders = {f"#p{n}": name for n, name in enumerate(names)}
    return _parameters({"ProjectionExpression": ", ".join(placeholders)}, placeholders, {})


@dataclass(frozen=True, slots=True)
class Update:
    """A change of one item, made only if a condition holds for the item as it is stored.

    Attributes of the item are named by their path, such as `payment.status`.

    Attributes:
        condition: The condition.
        set: New values.
        add: Integers for numbers, or members for sets; a missing attribute counts as 0 or as empty.
            DynamoDB adds to attributes at the top level only.
        append: Entries to add at the end of lists.
        remove: Attributes to remove.
    """

    condition: ConditionBase
    set: Mapping[str, Any] = field(default_factory=dict)
    add: Mapping[str, int | frozenset[str]] = field(default_factory=dict)
    append: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    remove: Iterable[str] = ()

    def request(self, table: str, **key: str) -> "UpdateTypeDef":
        """The `Update` of a transaction; `UpdateItem` takes the same parameters."""
        condition, names, values = ConditionExpressionBuilder().build_expression(self.condition)

        def name(path: str) -> str:
            placeholders = {f"#u{n}": part for n, part in enumerate(path.split("."), len(names))}
            names.update(placeholders)
            return ".".join(placeholders)

        def value(plain: Any) -> str:  # noqa: ANN401 - an attribute can be anything
            placeholder = f":u{len(values)}"
            values[placeholder] = plain
            return placeholder

        clauses = {
            "SET": [
                *(f"{name(path)} = {value(new)}" for path, new in self.set.items()),
                *(
                    f"{name(path)} = list_append({name(path)}, {value(new)})"
                    for path, new in self.append.items()
                ),
            ],
            "ADD": [f"{name(path)} {value(number)}" for path, number in self.add.items()],
            "REMOVE": [name(path) for path in self.remove],
        }
        update = " ".join(f"{verb} {', '.join(parts)}" for verb, parts in clauses.items() if parts)
        expressions = {"UpdateExpression": update, "ConditionExpression": condition}
        request: UpdateTypeDef = _parameters(expressions, names, values)
        return {**request, "TableName": table, "Key": to_attributes(key)}


def _parameters(expressions: Mapping[str, str], names: Mapping[str, str], values: Mapping[str, Any]) -> Any:  # noqa: ANN401 - see above
    placeholders = {"ExpressionAttributeNames": names, "ExpressionAttributeValues": to_attributes(values)}
    # DynamoDB rejects an empty map.
    return {**expressions, **{name: each for name, each in placeholders.items() if each}}
