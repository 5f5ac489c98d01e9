"""Failures of commands: message and exit code."""

from dataclasses import dataclass, field
from typing import Any, ClassVar

from cli.exit_codes import ExitCode


@dataclass(eq=False)
class CommandFailed(Exception):
    """A command failed.

    Attributes:
        title: Kind of failure.
        detail: Description of this failure.
        status: HTTP status code, if the shop responded.
        kind: `type` of the problem document, if there is one.
        errors: Invalid fields: pairs of field and message.
        request_id: Request id in the shop's logs.
        retry_after: Seconds to wait before the next request.
        hints: What the user can do.
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
        """Join title and detail."""
        return f"{self.title}: {self.detail}" if self.detail else self.title

    def as_json(self) -> dict[str, Any]:
        """Make a problem document (RFC 9457)."""
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
    """The shop rejected the request."""

    exit_code = ExitCode.REFUSED


class WrongUsage(CommandFailed):
    """Options are missing or conflict."""

    exit_code = ExitCode.USAGE


class NotSignedIn(CommandFailed):
    """The token is missing or not accepted."""

    exit_code = ExitCode.NOT_SIGNED_IN


class NotFound(CommandFailed):
    """The order or product does not exist, or belongs to another customer."""

    exit_code = ExitCode.NOT_FOUND


class Unavailable(CommandFailed):
    """The shop is unreachable or unavailable. The outcome of the request is unknown."""

    exit_code = ExitCode.UNAVAILABLE


class UnexpectedEnd(CommandFailed):
    """A watched order ended with another status than requested."""

    exit_code = ExitCode.UNEXPECTED_END
