"""DynamoDB's expressions: parsed by moto once for each text, and compiled to functions on plain items.

moto itself parses an expression again for each call, several times, which takes most of the time of a call.
Tests compare what these functions do with what moto does.

Items are in DynamoDB's form, and never changed: a change makes a new item that shares what stays the same.
"""

from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import cache
from importlib import import_module
from typing import Any, Final, TypeAlias

from moto.dynamodb import comparisons as parsed

Value: TypeAlias = Mapping[str, Any]
"""An attribute value, such as `{"S": "text"}`."""

Item: TypeAlias = dict[str, Any]
"""Attribute values by name."""

Values: TypeAlias = Mapping[str, Value]
"""The values of an expression by placeholder, such as `:v0`."""

Names: TypeAlias = tuple[tuple[str, str], ...]
"""The names of an expression by placeholder, such as `#n0`."""

Path: TypeAlias = tuple[str | int, ...]

Condition: TypeAlias = Callable[[Item | None, Values], bool]
Operand: TypeAlias = Callable[[Item | None, Values], Value | None]
Change: TypeAlias = Callable[[Item, Values], Item]

Node: TypeAlias = Any
"""A node of what moto makes of an update; moto has no types for them."""

_UPDATES: Final[Any] = import_module("moto.dynamodb.parsing.expressions").UpdateExpressionParser
_NODES: Final[Any] = import_module("moto.dynamodb.parsing.ast_nodes")
_PLACEHOLDER: Final = "placeholder"
_SETS: Final = ("SS", "NS", "BS")
_ORDERED: Final = ("S", "N", "B")


class InvalidExpression(Exception):
    """An expression can't be evaluated for an item."""


@cache
def condition(text: str, names: Names) -> Condition:
    """Compile a condition, a filter or a key condition."""
    placeholders = _Placeholders()
    return _condition(parsed.ConditionExpressionParser(text, dict(names), placeholders).parse())


@cache
def update(text: str, names: Names) -> Change:
    """Compile an update. All values come from the item as it was before."""
    tree, by_placeholder = _UPDATES.make(text), dict(names)

    def actions(kind: str) -> Any:  # noqa: ANN401 - see `Node`
        found = tree.find_clauses([getattr(_NODES, f"UpdateExpression{kind}Action")])
        return [(_path(each.children[0], by_placeholder), *each.children[1:]) for each in found]

    if actions("Delete"):
        raise NotImplementedError(text)
    steps = [
        *(_set(path, _operand_of_update(value, by_placeholder)) for path, value in actions("Set")),
        *(_add(path, value.get_value_name()) for path, value in actions("Add")),
        *(_remove(path) for (path,) in actions("Remove")),
    ]

    def change(item: Item, values: Values) -> Item:
        changed = item
        for step in steps:
            changed = step(item, changed, values)
        return changed

    return change


class _Placeholders(dict[str, Any]):
    """Values of which only the placeholder is known yet."""

    def __missing__(self, name: str) -> dict[str, str]:
        return {_PLACEHOLDER: name}


def comparable(value: Value) -> tuple[str, Any]:
    """A value that equals another one exactly if DynamoDB takes both for equal."""
    ((kind, content),) = value.items()
    match kind:
        case "N":
            return kind, Decimal(content)
        case "SS" | "BS":
            return kind, frozenset(content)
        case "NS":
            return kind, frozenset(map(Decimal, content))
        case "L":
            return kind, [comparable(each) for each in content]
        case "M":
            return kind, {name: comparable(each) for name, each in content.items()}
    return kind, content


def _condition(node: Any) -> Condition:  # noqa: ANN401, PLR0911 - moto's nodes; one line for each kind
    match node:
        case parsed.OpNot(lhs=inner):
            negated = _condition(inner)
            return lambda item, values: not negated(item, values)
        case parsed.OpAnd(lhs=left, rhs=right):
            first, second = _condition(left), _condition(right)
            return lambda item, values: first(item, values) and second(item, values)
        case parsed.OpOr(lhs=left, rhs=right):
            first, second = _condition(left), _condition(right)
            return lambda item, values: first(item, values) or second(item, values)
        case parsed.FuncAttrExists(attr=attribute):
            existing = _operand(attribute)
            return lambda item, values: existing(item, values) is not None
        case parsed.FuncContains(attr=attribute, operand=operand):
            return _contains(_operand(attribute), _operand(operand))
        case parsed.FuncBeginsWith(attr=attribute, substr=operand):
            whole, start = _operand(attribute), _operand(operand)
            return lambda item, values: _text(whole(item, values)).startswith(
                _text(start(item, values)) or "\0"
            )
        case parsed.FuncIn(attr=attribute, possible_values=possible):
            wanted, options = _operand(attribute), [_operand(each) for each in possible]
            return lambda item, values: any(
                _equal(wanted(item, values), each(item, values)) for each in options
            )
        case parsed.FuncBetween(attr=attribute, start=low, end=high):
            middle, lowest, highest = _operand(attribute), _operand(low), _operand(high)
            return lambda item, values: (
                _is_before(lowest(item, values), middle(item, values), or_equal=True)
                and _is_before(middle(item, values), highest(item, values), or_equal=True)
            )
        case parsed.OpDefault():
            return lambda _item, _values: True
    left_operand, right_operand = _operand(node.lhs), _operand(node.rhs)
    compare = _COMPARISONS[node.OP]
    return lambda item, values: compare(left_operand(item, values), right_operand(item, values))


def _operand(node: Any) -> Operand:  # noqa: ANN401 - moto's nodes
    match node:
        case parsed.AttributePath(path=path):
            return lambda item, _: None if item is None else _at(item, tuple(path))
        case parsed.AttributeValue(value=name):
            return lambda _, values: values[name]
    raise NotImplementedError(repr(node))


def _contains(whole: Operand, part: Operand) -> Condition:
    def contains(item: Item | None, values: Values) -> bool:
        container, wanted = whole(item, values), part(item, values)
        if container is None or wanted is None:
            return False
        ((kind, content),) = container.items()
        ((wanted_kind, wanted_content),) = wanted.items()
        if kind == "L":
            return any(_equal(each, wanted) for each in content)
        if kind in _SETS:
            return kind[0] == wanted_kind and _equal({kind: sorted({*content, wanted_content})}, container)
        return kind == wanted_kind == "S" and wanted_content in content

    return contains


def _equal(left: Value | None, right: Value | None) -> bool:
    return left is not None and right is not None and comparable(left) == comparable(right)


def _is_before(left: Value | None, right: Value | None, *, or_equal: bool) -> bool:
    if left is None or right is None:
        return False
    (kind, first), (other, second) = comparable(left), comparable(right)
    if kind != other or kind not in _ORDERED:
        return False
    return bool(first <= second if or_equal else first < second)


_COMPARISONS: Final[Mapping[str, Callable[[Value | None, Value | None], bool]]] = {
    "=": _equal,
    "<>": lambda left, right: not _equal(left, right),
    "<": lambda left, right: _is_before(left, right, or_equal=False),
    "<=": lambda left, right: _is_before(left, right, or_equal=True),
    ">": lambda left, right: _is_before(right, left, or_equal=False),
    ">=": lambda left, right: _is_before(right, left, or_equal=True),
}


def _text(value: Value | None) -> str:
    return value.get("S", "") if value else ""


def _at(item: Item, path: Path) -> Value | None:
    """The value at a path; None if there is none."""
    found: Any = item.get(str(path[0]))
    for part in path[1:]:
        if found is None:
            return None
        if isinstance(part, int):
            inner = found.get("L", ())
            found = inner[part] if part < len(inner) else None
        else:
            found = found.get("M", {}).get(part)
    return found  # type: ignore[no-any-return] # JSON


def _path(node: Node, names: Mapping[str, str]) -> Path:
    parts: list[str | int] = []
    for each in node.children:
        match type(each).__name__:
            case "ExpressionAttributeName":
                parts.append(names[each.get_attribute_name_placeholder()])
            case "ExpressionAttribute":
                parts.append(each.get_attribute_name())
            case "ExpressionSelector":
                parts.append(each.get_index())
    return tuple(parts)


def _operand_of_update(node: Node, names: Mapping[str, str]) -> Operand:
    match type(node).__name__, node.children:
        case "UpdateExpressionValue", [only]:
            return _operand_of_update(only, names)
        case "UpdateExpressionValue", [left, operator, right]:
            first, second = _operand_of_update(left, names), _operand_of_update(right, names)
            sign = -1 if operator.get_operator() == "-" else 1
            return lambda item, values: _sum(first(item, values), second(item, values), sign)
        case "ExpressionAttributeValue", [name]:
            return lambda _, values: values[name]
        case "UpdateExpressionPath", _:
            path = _path(node, names)
            return lambda item, _: _at(item or {}, path)
        case "UpdateExpressionFunction", [function, left, right]:
            first, second = _operand_of_update(left, names), _operand_of_update(right, names)
            if function == "list_append":
                return lambda item, values: _appended(first(item, values), second(item, values))
            return lambda item, values: first(item, values) or second(item, values)
    raise NotImplementedError(type(node).__name__)


def _appended(first: Value | None, second: Value | None) -> Value:
    if first is None or second is None or not (first.keys() == second.keys() == {"L"}):
        raise InvalidExpression("An operand of list_append is not a list")
    return {"L": [*first["L"], *second["L"]]}


def _sum(first: Value | None, second: Value | None, sign: int = 1) -> Value:
    if first is None or second is None or not (first.keys() == second.keys() == {"N"}):
        raise InvalidExpression("An operand is not a number")
    return {"N": str(Decimal(first["N"]) + sign * Decimal(second["N"]))}


def _set(path: Path, operand: Operand) -> Callable[[Item, Item, Values], Item]:
    def step(before: Item, item: Item, values: Values) -> Item:
        value = operand(before, values)
        if value is None:
            raise InvalidExpression("The provided expression refers to an attribute that does not exist")
        return _with(item, path, value)

    return step


def _add(path: Path, name: str) -> Callable[[Item, Item, Values], Item]:
    def step(before: Item, item: Item, values: Values) -> Item:
        old, new = _at(before, path), values[name]
        ((kind, content),) = new.items()
        if kind == "N":
            return _with(item, path, new if old is None else _sum(old, new))
        if old is not None and kind not in old:
            raise InvalidExpression("An operand has the wrong type")
        return _with(item, path, {kind: sorted({*(old[kind] if old else ()), *content})})

    return step


def _remove(path: Path) -> Callable[[Item, Item, Values], Item]:
    return lambda _before, item, _values: item if _at(item, path) is None else _with(item, path, None)


def _with(item: Item, path: Path, value: Value | None) -> Item:
    """A copy of an item with another value at a path; without one if the value is None."""
    name, *rest = path
    if rest:
        inner = item.get(str(name))
        if inner is None or "M" not in inner or isinstance(rest[0], int):
            raise InvalidExpression(
                "The document path provided in the update expression is invalid for update"
            )
        value = {"M": _with(inner["M"], tuple(rest), value)}
    if value is None:
        return {key: each for key, each in item.items() if key != name}
    return {**item, str(name): value}
