"""The commands about dead letters."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from cli.aws import aws_errors, dead_letters_of
from cli.connection import JsonOption, RunFileOption, StageOption, reported
from cli.dead_letters import MOST_SHOWN, DeadLetters, LetterQueue
from cli.errors import WrongUsage
from cli.letter_summary import summary
from cli.output import Output
from cli.shapes import LetterQueueJson
from cli.target import RUN_FILE, read_run_file
from cli.views import letter_queue_table, letter_table

app = typer.Typer(
    help="Show, send back and drop messages that could not be handled. With --stage, these commands need your"
    " AWS credentials.",
    no_args_is_help=True,
)

QueueName = Annotated[str, typer.Argument(metavar="QUEUE", help="Name of the queue, as `list` shows it.")]
MessageId = Annotated[
    str | None, typer.Argument(metavar="[MESSAGE_ID]", help="Id of the message, as `show` shows it.")
]
Everything = Annotated[bool, typer.Option("--all", help="All messages of the queue.")]


@app.command("list")
def list_queues(
    *, stage: StageOption = None, run_file: RunFileOption = RUN_FILE, as_json: JsonOption = False
) -> None:
    """List the queues that should be empty, with their depth and oldest message."""
    output = Output(as_json=as_json)
    with _connected(output, stage, run_file) as letters:
        queues = [_listed(letters, queue) for queue in letters.queues()]
        output.result(queues, letter_queue_table)


@app.command()
def show(
    *,
    queue: QueueName,
    stage: StageOption = None,
    run_file: RunFileOption = RUN_FILE,
    as_json: JsonOption = False,
) -> None:
    """Show what is in a queue, oldest first. The messages stay in it.

    Only names, ids and times are shown, and never the text of a message.
    """
    output = Output(as_json=as_json)
    with _connected(output, stage, run_file) as letters:
        found = letters.queue(queue)
        depth = letters.depth(found)
        with letters.read(found, MOST_SHOWN) as read:
            shown = [summary(each) for each in read]
            output.result(shown, letter_table)
        if depth > MOST_SHOWN:
            output.remark(f"{MOST_SHOWN} of about {depth} messages are shown.")
        if found.source_url is None and any(each["order_id"] is None for each in shown):
            output.remark(
                "A stream position names no order: the log of the function does. After the cause is fixed:"
                " orders events republish ORDER_ID --as operator"
            )


@app.command()
def redrive(
    *,
    queue: QueueName,
    message_id: MessageId = None,
    everything: Everything = False,
    stage: StageOption = None,
    run_file: RunFileOption = RUN_FILE,
    as_json: JsonOption = False,
) -> None:
    """Send a message, or all, back to the queue that it comes from, so that it is handled again.

    Fix the cause first: a message that fails again comes back.
    """
    output = Output(as_json=as_json)
    with _connected(output, stage, run_file) as letters:
        _check(message_id, everything=everything)
        done = letters.redrive(letters.queue(queue), message_id)
        output.result({"redriven": done}, lambda _: f"{done} sent back")


@app.command()
def drop(
    *,
    queue: QueueName,
    message_id: MessageId = None,
    everything: Everything = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    stage: StageOption = None,
    run_file: RunFileOption = RUN_FILE,
    as_json: JsonOption = False,
) -> None:
    """Delete a message, or all. It can't be taken back."""
    output = Output(as_json=as_json)
    with _connected(output, stage, run_file) as letters:
        _check(message_id, everything=everything)
        found = letters.queue(queue)
        if not yes:
            what = f"about {letters.depth(found)} messages" if message_id is None else message_id
            typer.confirm(f"Delete {what} from {queue}?", abort=True, err=True)
        done = letters.drop(found, message_id)
        output.result({"dropped": done}, lambda _: f"{done} deleted")


@contextmanager
def _connected(output: Output, stage: str | None, run_file: Path) -> Iterator[DeadLetters]:
    """The queues of a stage, or of the embedded run. Failures are printed."""
    with reported(output), aws_errors("The queues could not be used"):
        yield dead_letters_of(stage, read_run_file(run_file) if stage is None else None)


def _check(message_id: str | None, *, everything: bool) -> None:
    """Check that the arguments choose one message or all.

    Raises:
        WrongUsage: They do not.
    """
    if (message_id is None) is not everything:
        raise WrongUsage("Wrong options", "Pass a message id, or --all.")


def _listed(letters: DeadLetters, queue: LetterQueue) -> LetterQueueJson:
    depth = letters.depth(queue)
    with letters.read(queue, min(depth, MOST_SHOWN)) as read:
        oldest_at = summary(read[0])["sent_at"] if read else None
    return {
        "queue": queue.name,
        "depth": depth,
        "oldest_at": oldest_at,
        "redrive": "no: its messages were in no queue" if queue.source_url is None else "yes",
    }
