"""The code of a release: today's, or an earlier one that stands in another folder, in the same process.

Each release imports its own modules. Today's are the ordinary ones; those of another release are kept out of
`sys.modules`, so that nothing else ever imports one of them.
"""

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache, cached_property
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any, Final

from typing_extensions import override

from local.processes import REPOSITORY

_PACKAGES: Final = frozenset({"lambdas", "stacks", "statemachines"})
"""What a release deploys. Everything else, such as the model of Stripe, is today's."""


class NoSuchFunction(Exception):
    """The release has no function of this name."""


class Release:
    """The code of a release. Each process has one object for it; see `release_in`.

    Args:
        root: The folder of its repository.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._modules: dict[str, ModuleType] = {}
        self._handlers: dict[str, Any] = {}

    @override
    def __reduce__(self) -> tuple[Any, tuple[Path]]:
        """Another process has an object of its own."""
        return release_in, (self._root,)

    def module(self, name: str) -> Any:  # noqa: ANN401 - the attributes of a module of any release
        """A module of the release, such as `lambdas.shared.aws`."""
        with self._imports():
            return import_module(name)

    def handler(self, function: str) -> Any:  # noqa: ANN401 - a function of any release
        """The handler of a function.

        Raises:
            NoSuchFunction: The release has no such function.
        """
        if function not in self._handlers:
            if function not in self._rooms:
                raise NoSuchFunction(function)
            module = self.module(f"lambdas.{self._rooms[function]}.{function}.handler")
            self._handlers[function] = module.handler
        return self._handlers[function]

    def definition(self, machine: str) -> dict[str, Any]:
        """The definition of a state machine, with a placeholder for each function."""
        definition: dict[str, Any] = self.module("statemachines.definition").read_definition(machine)
        return definition

    def timeout_seconds(self, function: str) -> int:
        """The timeout of a function."""
        seconds: int = self.module("stacks.timeouts").function_timeout_seconds(function)
        return seconds

    def stream_patterns(self, function: str) -> Sequence[Mapping[str, Any]]:
        """The changes of orders that a function behind the table's stream is called with."""
        patterns: Sequence[Mapping[str, Any]] = self.module("stacks.stream_patterns").STREAM_PATTERNS[
            function
        ]
        return patterns

    @cached_property
    def placeholders(self) -> Mapping[str, str]:
        """The functions by their placeholders in definitions, such as `${ValidateOrderArn}`."""
        return {
            f"${{{''.join(word.title() for word in function.split('_'))}Arn}}": function
            for function in self._rooms
        }

    @cached_property
    def _rooms(self) -> Mapping[str, str]:
        """The folder in which each function is."""
        handlers = (self._root / "lambdas").glob("*/*/handler.py")
        return {file.parent.name: file.parent.parent.name for file in handlers}

    @contextmanager
    def _imports(self) -> Iterator[None]:
        """Let `import` find the modules of the release as long as the context lasts."""
        if self._root == REPOSITORY:
            yield
            return
        others = _taken_out()
        sys.modules.update(self._modules)
        sys.path.insert(0, str(self._root))
        try:
            yield
        finally:
            sys.path.remove(str(self._root))
            self._modules = _taken_out()
            sys.modules.update(others)


def _taken_out() -> dict[str, ModuleType]:
    """Take all modules of a release out of `sys.modules`."""
    names = [name for name in sys.modules if name.partition(".")[0] in _PACKAGES]
    return {name: sys.modules.pop(name) for name in names}


@cache
def release_in(root: Path) -> Release:
    """The release whose repository is in this folder."""
    return Release(root)


CURRENT: Final = release_in(REPOSITORY)
"""Today's code."""
