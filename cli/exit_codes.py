"""Exit codes of the command line."""

from enum import IntEnum


class ExitCode(IntEnum):
    """Exit codes, by kind of failure."""

    DONE = 0
    REFUSED = 1
    USAGE = 2
    NOT_SIGNED_IN = 3
    NOT_FOUND = 4
    UNAVAILABLE = 5
    UNEXPECTED_END = 6


MEANINGS = {
    ExitCode.DONE: "success; a watched order ended as requested",
    ExitCode.REFUSED: "the shop rejected the request; with `import --wait`, a line or the rest of the file;"
    " after `reconcile report`, a run failed or found a difference",
    ExitCode.USAGE: "invalid command line",
    ExitCode.NOT_SIGNED_IN: "not signed in, or the sign-in has expired",
    ExitCode.NOT_FOUND: "the order or product does not exist",
    ExitCode.UNAVAILABLE: "the shop is unreachable or unavailable",
    ExitCode.UNEXPECTED_END: "a watched order ended differently"
    " (not CONFIRMED; after `cancel`, not CANCELLED; after `retry`, NEEDS_ATTENTION;"
    " after `settle`, not FAILED or CANCELLED)",
}
