"""Event patterns: the part that the filters of our streams use. Anything else is refused.

https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventfiltering.html
"""

from collections.abc import Mapping
from typing import Any, Final

_EXISTS: Final = {"exists": True}


def matches(pattern: Mapping[str, Any], event: Mapping[str, Any]) -> bool:
    """Whether an event matches a pattern: every field that the pattern names has one of the values.

    Raises:
        NotImplementedError: The pattern uses something else than texts and `{"exists": true}`.
    """
    return all(_fits(wanted, event.get(name)) for name, wanted in pattern.items())


def _fits(wanted: object, value: object) -> bool:
    match wanted:
        case Mapping():
            return isinstance(value, Mapping) and matches(wanted, value)
        case [*options] if all(isinstance(option, str) or option == _EXISTS for option in options):
            # Only a value exists, not an object that has values.
            return isinstance(value, str) and (value in options or _EXISTS in options)
    raise NotImplementedError(f"the pattern {wanted!r}")
