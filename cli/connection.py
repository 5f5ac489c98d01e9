"""The options that all commands share, and what they open: a shop to talk to."""

import functools
import inspect
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Concatenate, Final, ParamSpec

import httpx
import typer

from cli.api import ShopApi
from cli.aws import SagaLocation, step_functions
from cli.errors import CommandFailed, NotSignedIn, Refused
from cli.output import Output
from cli.target import RUN_FILE, Choice, Role, Target

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient

P = ParamSpec("P")

_WHERE: Final = "Which shop, and who asks"

StageOption = Annotated[
    str | None,
    typer.Option("--stage", envvar="ORDERS_STAGE", help="A deployed stage.", rich_help_panel=_WHERE),
]
RoleOption = Annotated[
    Role | None,
    typer.Option("--as", help="As whom.", show_default="customer", rich_help_panel=_WHERE),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON, for scripts.")]


@dataclass(frozen=True)
class Wiring:
    """What carries requests and passes time; tests put other ones in place (`obj=` of their runner)."""

    transport: httpx.BaseTransport | None = None
    sleep: Callable[[float], None] = time.sleep
    step_functions: Callable[[SagaLocation], "SFNClient"] = step_functions


@dataclass(frozen=True)
class Connection:
    """An open shop.

    Attributes:
        api: Its REST API.
        target: Where it is.
        output: Where results go.
        wiring: What else a command reaches out with.
    """

    api: ShopApi
    target: Target
    output: Output
    wiring: Wiring


def connected(command: Callable[Concatenate[Connection, P], None]) -> Callable[..., None]:
    """Make a command of a function that needs a shop: give it the shared options, and what they say.

    Args:
        command: Takes a `Connection`, and its own arguments by name.
    """
    own = list(inspect.signature(command).parameters.values())[1:]
    shared = list(inspect.signature(_options).parameters.values())

    @functools.wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        arguments: dict[str, Any] = dict(kwargs)
        context, output, choice = _options(**{each.name: arguments.pop(each.name) for each in shared})
        wiring = context.find_object(Wiring) or Wiring()
        with reported(output):
            target = choice.find_target()
            api = ShopApi(target.api_url, target.token, transport=wiring.transport, sleep=wiring.sleep)
            with closing(api), _hints(choice, target):
                command(Connection(api, target, output, wiring), *args, **arguments)

    run.__signature__ = inspect.Signature([*own, *shared])  # type: ignore[attr-defined]  # what Typer reads
    return run


@contextmanager
def reported(output: Output) -> Iterator[None]:
    """Say what went wrong, and exit with its code."""
    try:
        yield
    except CommandFailed as failure:
        output.fail(failure)
        raise typer.Exit(failure.exit_code) from failure


def _options(
    *,
    context: typer.Context,
    stage: StageOption = None,
    act_as: RoleOption = None,
    url: Annotated[
        str | None,
        typer.Option(envvar="ORDERS_URL", help="The URL of a shop's API.", rich_help_panel=_WHERE),
    ] = None,
    token: Annotated[
        str | None,
        typer.Option(
            envvar="ORDERS_TOKEN",
            help="A Cognito ID token. The variable is safer: everybody on a machine sees command lines.",
            rich_help_panel=_WHERE,
        ),
    ] = None,
    run_file: Annotated[
        Path,
        typer.Option(
            envvar="ORDERS_RUN_FILE",
            help="What an embedded run says of itself.",
            show_default=".local/run.json",
            rich_help_panel=_WHERE,
        ),
    ] = RUN_FILE,
    as_json: JsonOption = False,
) -> tuple[typer.Context, Output, Choice]:
    """Read the shared options."""
    return context, Output(as_json=as_json), Choice(act_as, stage, url, token, run_file)


@contextmanager
def _hints(choice: Choice, target: Target) -> Iterator[None]:
    """Tell what helps where the shop does not know who asks, or asks for somebody else."""
    try:
        yield
    except NotSignedIn as failure:
        failure.hints.append(target.sign_in_hint)
        raise
    except Refused as failure:
        forbidden = failure.kind is not None and failure.kind.endswith(":forbidden")
        if forbidden and choice.url is None and choice.role is not Role.OPERATOR:
            failure.hints.append("Operators may: --as operator")
        raise
