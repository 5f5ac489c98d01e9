"""The command line of the proof: `python -m proof COMMAND`; for most commands, `make` has a target."""

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from itertools import chain

from local.command import exit_code_of
from proof import demo, restore_drill, sale
from proof.acceptance import command as acceptance
from proof.bench import command as bench
from proof.fault_campaign import command as faults
from proof.rolling import command as rolling
from proof.rolling import records
from proof.scale import command as scale
from proof.simulation import break_search, restore_exercise, twins
from proof.simulation import command as simulation


def main(command_line: Sequence[str] | None = None) -> int:
    """Run a command.

    Args:
        command_line: The command and its options; by default, the arguments of this process.

    Returns:
        The exit code; see `exit_code_of`.
    """
    arguments = _parser().parse_args(command_line)
    commands: Mapping[str, Callable[[], int]] = {
        "demo": demo.main,
        "accept": partial(acceptance.main, arguments),
        "bench": partial(bench.main, arguments),
        "scale": scale.main,
        "sale": partial(sale.main, arguments),
        "faults": partial(faults.main, arguments),
        "simulate": partial(simulation.main, arguments),
        "twins": partial(twins.main, arguments),
        "breaks": partial(break_search.main, arguments),
        "restore": partial(_restore, arguments),
        "rolling": partial(rolling.main, arguments),
        "record": partial(records.main, arguments),
    }
    return exit_code_of(commands[arguments.command])


def _restore(arguments: argparse.Namespace) -> int:
    return restore_drill.main() if arguments.embedded else restore_exercise.main()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m proof", description="Show that the saga keeps its laws.")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("demo", help="run sample orders through the saga, and check its laws")
    accepting = commands.add_parser("accept", help="try a deployed stage through its API, and check the laws")
    accepting.add_argument("--stage", required=True, help="name of the stage")
    accepting.add_argument("--url", help="URL of its API (default: the output of its stack)")
    accepting.add_argument("--stripe-url", help="URL of the Stripe API (default: Stripe's)")
    accepting.add_argument(
        "--only",
        action="append",
        choices=sorted({*chain(*acceptance.JOURNEYS_WITHOUT_FAULTS.values())}),
        help="only this journey of an order; repeatable",
    )
    measuring = commands.add_parser("bench", help="measure the parts of bench/results.json")
    measuring.add_argument("--only", action="append", help="measure only this part; repeatable")
    commands.add_parser("scale", help="show which limit breaks first, and how a flash sale goes")
    selling = commands.add_parser("sale", help="sell at once more than Stripe lets us charge in a second")
    selling.add_argument("--orders", type=int, default=500, help="number of orders (default: 500)")
    selling.add_argument("--units", type=int, help="units in stock (default: enough for all orders)")
    selling.add_argument(
        "--rate",
        type=int,
        default=25,
        help="calls a second that Stripe accepts for an endpoint (default: 25)",
    )
    selling.add_argument("--charge-rate", type=int, help="charges a second (default: the rate without 5)")
    selling.add_argument("--simulated", action="store_true", help="play it in simulated time")
    campaign = commands.add_parser(
        "faults", help="inject faults into the calls of the functions, and check the laws"
    )
    campaign.add_argument("--case", action="append", help="run only this case; repeatable")
    campaign.add_argument("--journeys", default="", help="run only these journeys, separated by commas")
    campaign.add_argument("--seed", type=int, default=1, help="seed for the choice of the cases (default: 1)")
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
    both = commands.add_parser(
        "twins", help="play the same cases in the simulation and in the embedded run, and compare the ends"
    )
    both.add_argument("--case", action="append", help="compare only this case; repeatable")
    both.add_argument("--seed", type=int, default=1, help="seed for the sample of cases (default: 1)")
    both.add_argument(
        "--from", dest="first", type=int, default=1, help="first case of the sample (default: 1)"
    )
    both.add_argument(
        "--to", dest="last", type=int, default=300, help="last case of the sample (default: 300)"
    )
    both.add_argument(
        "--worlds", type=int, default=2, help="number of embedded worlds that run cases (default: 2)"
    )
    breaks = commands.add_parser(
        "breaks", help="break the product on purpose, and see that the simulation notices"
    )
    breaks.add_argument("--seed", type=int, default=1, help="seed for the order of the cases (default: 1)")
    breaks.add_argument(
        "--most", type=int, default=5000, help="cases after which a break counts as not found (default: 5000)"
    )
    breaks.add_argument("--only", default="", help="only breaks whose name contains this")
    restoring = commands.add_parser(
        "restore", help="lose the tables, restore earlier ones, and bring the orders together with Stripe"
    )
    restoring.add_argument(
        "--embedded", action="store_true", help="in the embedded run, instead of in simulated time"
    )
    mixing = commands.add_parser(
        "rolling", help="deploy this release over an earlier one, and back, while orders are in every state"
    )
    mixing.add_argument(
        "--from", dest="release", help="version or commit of the other release (default: the newest release)"
    )
    mixing.add_argument(
        "--embedded", action="store_true", help="by the CDK in the embedded run, one order in each state"
    )
    mixing.add_argument(
        "--minutes", type=float, default=10, help="minutes after which no mixture is simulated (default: 10)"
    )
    recording = commands.add_parser("record", help="record a release, with samples of what its code writes")
    recording.add_argument("version", help="its version")
    recording.add_argument("--commit", default="HEAD", help="commit of its code (default: HEAD)")
    mixing.add_argument("--journeys", default="", help="simulate only these journeys, separated by commas")
    return parser


if __name__ == "__main__":
    sys.exit(main())
