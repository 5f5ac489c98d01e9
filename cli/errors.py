"""Everything that ends a command early: what a person is told, and the exit code."""

from dataclasses import dataclass, field
from typing import Any, ClassVar

from cli.exit_codes import ExitCode


@dataclass(eq=False)
class CommandFailed(Exception):
    """The root of all of them.

    Attributes:
        title: What went wrong, in a few words.
        detail: What it was this time.
        status: The HTTP status, if the shop answered.
        kind: The problem's stable `type`, if the shop gave one.
        errors: What is wrong with which field: pairs of field and message.
        request_id: What the shop's own logs call the request.
        retry_after: Seconds after which the shop wants to be asked again.
        hints: What the person can do about it.
    """

    title: str
    detail: str = ""
    status: int | None = None
    kind: str | None = None
    errors: tuple[tuple[str, str], ...] = ()
    request_id: str | None = None
    retry_after: float | None = None
    hints: list[str] = field(default_factory=list)

    exit_code: ClassVar[ExitCode]

    def __str__(self) -> str:
        """The title and the detail in one line."""
        return f"{self.title}: {self.detail}" if self.detail else self.title

    def as_json(self) -> dict[str, Any]:
        """The error for a script, with the names of RFC 9457."""
        return {
            "type": self.kind,
            "title": self.title,
            "detail": self.detail,
            "status": self.status,
            "errors": [{"field": name, "message": message} for name, message in self.errors],
            "instance": self.request_id,
            "hints": self.hints,
        }


class Refused(CommandFailed):
    """The shop understood the request, and says no."""

    exit_code = ExitCode.REFUSED


class WrongUsage(CommandFailed):
    """The options don't go together."""

    exit_code = ExitCode.USAGE


class NotSignedIn(CommandFailed):
    """There is no token, or it is not taken."""

    exit_code = ExitCode.NOT_SIGNED_IN


class NotFound(CommandFailed):
    """There is no such thing, or it is somebody else's."""

    exit_code = ExitCode.NOT_FOUND


class Unavailable(CommandFailed):
    """The shop can't be reached or can't answer now: what became of the request is unknown."""

    exit_code = ExitCode.UNAVAILABLE


class NotAsHoped(CommandFailed):
    """A watched order is at rest, and not where its watcher wanted it."""

    exit_code = ExitCode.NOT_AS_HOPED
