"""The command line of the proof: `python -m proof demo|faults`; `make demo` and `make faults` call it."""

import argparse
import sys
from collections.abc import Sequence

from local.command import exit_code_of
from proof import demo, faults


def main(command_line: Sequence[str] | None = None) -> int:
    """Run a command.

    Args:
        command_line: The command and its options; what this process was started with if it is left out.

    Returns:
        The exit code; see `exit_code_of`.
    """
    arguments = _parser().parse_args(command_line)
    if arguments.command == "demo":
        return exit_code_of(demo.main)
    return exit_code_of(lambda: faults.main(arguments))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m proof", description="Shows that the saga keeps its laws."
    )
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("demo", help="send sample orders through the saga, check its laws, stop")
    campaign = commands.add_parser("faults", help="make every call fail in every way, and check the laws")
    campaign.add_argument("--case", action="append", help="play this case only; repeatable")
    campaign.add_argument("--journeys", default="", help="play only these journeys, separated by commas")
    campaign.add_argument(
        "--seed", type=int, default=1, help="seed of the order of cases and of the pairs (default: 1)"
    )
    campaign.add_argument(
        "--budget-minutes", type=float, default=120, help="minutes after which no case begins (default: 120)"
    )
    campaign.add_argument(
        "--worlds", type=int, default=4, help="number of worlds that play at once (default: 4)"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
