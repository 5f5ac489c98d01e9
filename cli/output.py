"""Prints results to stdout, and messages to stderr."""

import json
import re
import sys
from collections.abc import Callable, Iterable
from typing import Any, Final, TypeVar

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment
from rich.text import Text

from cli.errors import CommandFailed

T = TypeVar("T")

_PIPE_WIDTH: Final = 1000
"""Wide enough that a row of a table in a pipe is one line."""

_CONTROL: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
"""Control characters but for tab and line feed, characters that change the direction of text, and halves of
characters: text from elsewhere must not steer the terminal."""


class SafeConsole(Console):
    r"""Shows control characters of the text that it prints as escapes, such as `\x1b`."""

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        """Render a view; segments that are control codes are of Rich itself."""
        for segment in super().render(renderable, options):
            yield segment if segment.control else Segment(_CONTROL.sub(_escaped, segment.text), segment.style)


class Output:
    """Prints to both streams, as text or JSON."""

    def __init__(self, *, as_json: bool) -> None:
        self.as_json = as_json
        self.console = _console(stderr=False)
        self._aside = _console(stderr=True)

    def result(self, result: T, view: Callable[[T], RenderableType]) -> None:
        """Print a result as JSON, or the view that is made of it as text."""
        if self.as_json:
            self.show_json(result)
        else:
            self.show(view(result))

    def show(self, view: RenderableType) -> None:
        """Print a result as text."""
        self.console.print(view)

    def show_json(self, result: Any, *, in_one_line: bool = False) -> None:  # noqa: ANN401 - any JSON
        """Print a result as JSON."""
        text = json.dumps(without_secrets(result), indent=None if in_one_line else 2, ensure_ascii=False)
        sys.stdout.write(f"{_CONTROL.sub(_json_escaped, text)}\n")
        sys.stdout.flush()

    def remark(self, text: str) -> None:
        """Print a message."""
        self._aside.print(Text(text, style="dim"))

    def fail(self, failure: CommandFailed) -> None:
        """Print a failure."""
        if self.as_json:
            sys.stderr.write(f"{json.dumps(failure.as_json())}\n")
            return
        status = f" ({failure.status})" if failure.status is not None else ""
        self._aside.print(Text.assemble(("error: ", "bold red"), failure.title, status))
        details = [
            failure.detail if not failure.errors else "",  # the detail repeats the first of the errors
            *(f"{name}: {message}" for name, message in failure.errors),
            f"request {failure.request_id}" if failure.request_id else "",
            *failure.hints,
        ]
        for detail in filter(None, details):
            self._aside.print(Text(f"  {detail}"))


def without_secrets(result: Any) -> Any:  # noqa: ANN401 - any JSON
    """Remove the payment's secret, which must not stay in a terminal's history."""
    if isinstance(result, dict):
        return {key: without_secrets(value) for key, value in result.items() if key != "client_secret"}
    if isinstance(result, list):
        return [without_secrets(value) for value in result]
    return result


def _escaped(match: re.Match[str]) -> str:
    return match[0].encode("unicode_escape").decode()


def _json_escaped(match: re.Match[str]) -> str:
    return json.dumps(match[0])[1:-1]


def _console(*, stderr: bool) -> SafeConsole:
    console = SafeConsole(stderr=stderr, markup=False, emoji=False, highlight=False)
    if not console.is_terminal:
        console.width = _PIPE_WIDTH
    return console
