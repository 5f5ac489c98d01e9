"""Command line of the proof: `python -m proof demo|faults|simulate`; `make` has targets of the same names."""

import argparse
import sys
from collections.abc import Sequence

from local.command import exit_code_of
from proof import demo
from proof.fault_campaign import command as faults
from proof.simulation import command as simulation


def main(command_line: Sequence[str] | None = None) -> int:
    """Run a command.

    Args:
        command_line: The command and its options; by default, the arguments of this process.

    Returns:
        The exit code; see `exit_code_of`.
    """
    arguments = _parser().parse_args(command_line)
    if arguments.command == "demo":
        return exit_code_of(demo.main)
    if arguments.command == "simulate":
        return exit_code_of(lambda: simulation.main(arguments))
    return exit_code_of(lambda: faults.main(arguments))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m proof", description="Show that the saga keeps its laws.")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("demo", help="run sample orders through the saga, and check its laws")
    campaign = commands.add_parser(
        "faults", help="inject faults into the calls of the functions, and check the laws"
    )
    campaign.add_argument("--case", action="append", help="run only this case; repeatable")
    campaign.add_argument("--journeys", default="", help="run only these journeys, separated by commas")
    campaign.add_argument(
        "--seed", type=int, default=1, help="seed for the order of the cases and for the pairs (default: 1)"
    )
    campaign.add_argument(
        "--budget-minutes",
        type=float,
        default=120,
        help="minutes after which no new case starts (default: 120)",
    )
    campaign.add_argument(
        "--worlds", type=int, default=4, help="number of worlds that run cases at once (default: 4)"
    )
    simulate = commands.add_parser("simulate", help="play the whole system in simulated time, and break it")
    simulate.add_argument(
        "--case", action="append", help="play only this case, and print what happens; repeatable"
    )
    simulate.add_argument("--seed", type=int, help="seed for the order of the cases (default: a new one)")
    simulate.add_argument(
        "--minutes", type=float, default=10, help="minutes after which no new case is played (default: 10)"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
