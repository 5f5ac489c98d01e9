"""The options that all commands share, and the connection to a shop that they describe."""

import functools
import inspect
import time
import webbrowser
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Concatenate, Final, ParamSpec

import httpx
import typer

from cli.api import ShopApi
from cli.errors import CommandFailed, NotSignedIn, Refused
from cli.output import Output
from cli.target import RUN_FILE, Choice, ShopTarget, UserRole

P = ParamSpec("P")

_WHERE: Final = "Shop and user"

StageOption = Annotated[
    str | None,
    typer.Option("--stage", envvar="ORDERS_STAGE", help="Name of a deployed stage.", rich_help_panel=_WHERE),
]
RoleOption = Annotated[
    UserRole | None,
    typer.Option("--as", help="Role of the user.", show_default="customer", rich_help_panel=_WHERE),
]
RunFileOption = Annotated[
    Path,
    typer.Option(
        envvar="ORDERS_RUN_FILE",
        help="File in which an embedded run describes itself.",
        show_default=".local/run.json",
        rich_help_panel=_WHERE,
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@dataclass(frozen=True)
class Wiring:
    """Transport, clock, AWS client and browser. Tests replace them with `obj=` of their runner."""

    transport: httpx.BaseTransport | None = None
    sleep: Callable[[float], None] = time.sleep
    open_browser: Callable[[str], bool] = webbrowser.open


@dataclass(frozen=True)
class Connection:
    """Connection to a shop, and the output of the command that uses it."""

    api: ShopApi
    target: ShopTarget
    output: Output
    wiring: Wiring


def connected(command: Callable[Concatenate[Connection, P], None]) -> Callable[..., None]:
    """Turn a function that needs a shop into a command with the shared options.

    Args:
        command: Takes a `Connection`, and its own options and arguments by name.
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

    run.__signature__ = inspect.Signature([*own, *shared])  # type: ignore[attr-defined]  # read by Typer
    return run


@contextmanager
def reported(output: Output) -> Iterator[None]:
    """Print a failure and exit with its code."""
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
        typer.Option(envvar="ORDERS_URL", help="URL of the API.", rich_help_panel=_WHERE),
    ] = None,
    token: Annotated[
        str | None,
        typer.Option(
            envvar="ORDERS_TOKEN",
            help="Cognito ID token. Prefer the variable: other users can see command lines.",
            rich_help_panel=_WHERE,
        ),
    ] = None,
    run_file: RunFileOption = RUN_FILE,
    as_json: JsonOption = False,
) -> tuple[typer.Context, Output, Choice]:
    """Read the shared options."""
    return context, Output(as_json=as_json), Choice(act_as, stage, url, token, run_file)


@contextmanager
def _hints(choice: Choice, target: ShopTarget) -> Iterator[None]:
    """Add a hint to a failure that a missing sign-in or permission caused."""
    try:
        yield
    except NotSignedIn as failure:
        failure.hints.append(target.sign_in_hint)
        raise
    except Refused as failure:
        forbidden = failure.kind is not None and failure.kind.endswith(":forbidden")
        if forbidden and choice.url is None and choice.role is not UserRole.OPERATOR:
            failure.hints.append("Commands for operators need: --as operator")
        raise
