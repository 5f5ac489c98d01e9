"""How a command of this repository ends: its exit code, and the message when it fails."""

import signal
import sys
from collections.abc import Callable

from local.processes import StartFailed

_INTERRUPTED = 130


def exit_code_of(command: Callable[[], int]) -> int:
    """Run a command to its end.

    Returns:
        The command's own exit code; 1 if something can't start or does not happen in time; 130 if the
        command is interrupted.
    """
    for stop in (signal.SIGINT, signal.SIGTERM):  # SIGINT too: background jobs of a shell ignore it
        signal.signal(stop, signal.default_int_handler)
    try:
        return command()
    except (StartFailed, TimeoutError) as error:
        sys.stderr.write(f"error: {error}\n")
        return 1
    except KeyboardInterrupt:
        sys.stderr.write("\ninterrupted\n")
        return _INTERRUPTED
