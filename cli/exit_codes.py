"""What the command line says with its exit code."""

from enum import IntEnum


class ExitCode(IntEnum):
    """The exit codes, so that scripts need not read messages."""

    DONE = 0
    REFUSED = 1
    USAGE = 2
    NOT_SIGNED_IN = 3
    NOT_FOUND = 4
    UNAVAILABLE = 5
    NOT_AS_HOPED = 6


MEANINGS = {
    ExitCode.DONE: "done; a watched order ended as it should",
    ExitCode.REFUSED: "the shop refused the request",
    ExitCode.USAGE: "wrong command line",
    ExitCode.NOT_SIGNED_IN: "not signed in, or not any more",
    ExitCode.NOT_FOUND: "no such order or product",
    ExitCode.UNAVAILABLE: "the shop can't be reached, or can't answer now",
    ExitCode.NOT_AS_HOPED: "a watched order ended otherwise: not CONFIRMED, or after `cancel` not CANCELLED",
}
