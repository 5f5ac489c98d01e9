"""The command `view`."""

from typing import Annotated
from urllib.parse import quote

import typer

from cli.aws import read_console_url
from cli.connection import RunFileOption, StageOption, Wiring, reported
from cli.output import Output
from cli.target import RUN_FILE, read_run_file

app = typer.Typer()


@app.command()
def view(
    context: typer.Context,
    *,
    order_id: Annotated[str | None, typer.Argument(metavar="[ORDER_ID]", help="Id of the order.")] = None,
    no_open: Annotated[bool, typer.Option("--no-open", help="Only print the address.")] = False,
    stage: StageOption = None,
    run_file: RunFileOption = RUN_FILE,
) -> None:
    """Open the console, or its page about an order, in your browser.

    With --stage, your AWS credentials are needed to find the address, and you sign in on the page.
    """
    output = Output(as_json=False)
    with reported(output):
        console = read_console_url(stage) if stage is not None else read_run_file(run_file)["viewer_url"]
    page = "" if order_id is None else f"orders/{quote(order_id, safe='')}"
    url = f"{console.rstrip('/')}/#/{page}"
    output.show(url)
    wiring = context.find_object(Wiring) or Wiring()
    if not no_open and not wiring.open_browser(url):
        output.remark("No browser was found on this machine: open the address in yours.")
