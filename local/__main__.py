"""The command line of the embedded run: `python -m local`, as `make run` and `make update` call it."""

import argparse
import sys
from collections.abc import Sequence

from local.command import exit_code_of
from local.processes import LAST_PORT
from local.run import run
from local.update import update


def main(command_line: Sequence[str] | None = None) -> int:
    """Run a command.

    Args:
        command_line: The command and its options; those of this process if it is left out.

    Returns:
        The exit code; see `exit_code_of`.
    """
    arguments = _parser().parse_args(command_line)
    if arguments.command == "run":
        return exit_code_of(lambda: run(port=arguments.port))
    return exit_code_of(update)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m local", description="The shop on this machine.")
    commands = parser.add_subparsers(dest="command", required=True)
    run = commands.add_parser("run", help="start everything and serve until Ctrl-C")
    run.add_argument("--port", type=_port, default=4566, help="port of the embedded AWS (default: 4566)")
    commands.add_parser("update", help="deploy your changes into the shop that `run` serves")
    return parser


def _port(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= LAST_PORT:
        raise argparse.ArgumentTypeError(f"{text} is not a port from 1 to {LAST_PORT}")
    return int(text)


if __name__ == "__main__":
    sys.exit(main())
