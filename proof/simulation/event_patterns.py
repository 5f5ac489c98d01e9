"""Event patterns: the part that the filters of our streams use. Anything else is refused.

https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventfiltering.html
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

_EXISTS: Final = {"exists": True}

Event = Mapping[str, Any]
Path = tuple[str, ...]


def any_of(patterns: Sequence[Mapping[str, Any]]) -> Callable[[Event], bool]:
    """Compile patterns: does an event match one of them, so that each field has one of the pattern's values?

    Raises:
        NotImplementedError: A pattern uses something else than texts and `{"exists": true}`.
    """
    compiled = [list(_fields(pattern)) for pattern in patterns]
    return lambda event: any(all(_fits(event, *field) for field in fields) for fields in compiled)


def _fields(pattern: Mapping[str, Any], path: Path = ()) -> Iterator[tuple[Path, frozenset[str] | None]]:
    """The paths of the fields that a pattern names, and the values of each; None for any value."""
    for name, wanted in pattern.items():
        match wanted:
            case Mapping():
                yield from _fields(wanted, (*path, name))
            case [*options] if options == [_EXISTS]:
                yield (*path, name), None
            case [*options] if all(isinstance(option, str) for option in options):
                yield (*path, name), frozenset(options)
            case _:
                raise NotImplementedError(f"the pattern {pattern!r}")


def _fits(event: Event, path: Path, values: frozenset[str] | None) -> bool:
    found: Any = event
    for name in path:
        if not isinstance(found, dict) or name not in found:
            return False
        found = found[name]
    # Only a value exists, not an object that has values.
    return isinstance(found, str) and (values is None or found in values)
