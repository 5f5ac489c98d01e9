"""The command line of the embedded run: `python -m local run|demo|docs|capture`; `make` calls it."""

import argparse
import signal
import sys
from collections.abc import Sequence
from importlib import import_module

from local.processes import StartFailed

_INTERRUPTED = 130
_LAST_PORT = 65_535


def main(command_line: Sequence[str] | None = None) -> int:
    """Run a command.

    Args:
        command_line: The command and its options; what this process was started with if it is left out.

    Returns:
        The exit code: 0 if all is well, 1 if not, 130 if it was interrupted, 2 for a wrong command line.
    """
    arguments = _parser().parse_args(command_line)
    for stop in (signal.SIGINT, signal.SIGTERM):  # SIGINT too: a shell's background job ignores it
        signal.signal(stop, signal.default_int_handler)
    try:
        if arguments.command == "run":
            from local.run import run  # noqa: PLC0415 - each command imports only what it needs

            run(port=arguments.port)
            return 0
        if arguments.command == "faults":
            from local import faults  # noqa: PLC0415 - the same

            return faults.main(arguments)
        command = import_module(f"local.{arguments.command}")
        return int(command.main())
    except (StartFailed, TimeoutError) as error:
        sys.stderr.write(f"error: {error}\n")
        return 1
    except KeyboardInterrupt:
        sys.stderr.write("\ninterrupted\n")
        return _INTERRUPTED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m local", description="The app on this machine.")
    commands = parser.add_subparsers(dest="command", required=True)
    run = commands.add_parser("run", help="start everything and serve until Ctrl-C")
    run.add_argument("--port", type=_port, default=4566, help="where the emulated AWS listens (4566)")
    commands.add_parser("demo", help="send sample orders through the saga, check its laws, stop")
    commands.add_parser("docs", help="write the generated parts of the documentation again")
    campaign = commands.add_parser("faults", help="make every call fail in every way, and check the laws")
    campaign.add_argument("--case", action="append", help="play this case alone, as a violation names it")
    campaign.add_argument("--journeys", default="", help="only these journeys, with commas between them")
    campaign.add_argument("--seed", type=int, default=1, help="of the order of cases, and of the pairs (1)")
    campaign.add_argument("--budget-minutes", type=float, default=120, help="when to add no more cases (120)")
    campaign.add_argument("--worlds", type=int, default=4, help="how many worlds to play in at once (4)")
    commands.add_parser("capture", help="draw again what `orders watch` shows, in docs/command-line.md")
    return parser


def _port(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= _LAST_PORT:
        raise argparse.ArgumentTypeError(f"{text} is not a port from 1 to {_LAST_PORT}")
    return int(text)


if __name__ == "__main__":
    sys.exit(main())
