"""The tables about the consumers of events: of the runbook, and of what their faults harm."""

import ast
from collections.abc import Iterable
from typing import Final

from local.consumers import event_consumers
from local.processes import REPOSITORY
from proof.consumers import CONSUMERS
from proof.simulation.consumer_faults import CONSUMER_FAULTS, NO_FAULT, outcome, play
from proof.simulation.simulated_world import installed
from stacks.names import dead_letters_of, queue_of

_PARKED: Final = "The consumer has failed five times to handle an event. | [Queues](#queues)"
_LATE: Final = (
    "The oldest event of the queue has waited for 45 minutes. An event that fails becomes a dead letter"
    " sooner, so the consumer is not called. | Look at the consumer's throttles, and whether its event source"
    " is enabled: `aws lambda list-event-source-mappings --function-name FUNCTION`"
)


def consumer_alarm_table() -> str:
    """A row for the alarms on all dead-letter queues of consumers, and one for those on their queues."""
    parked = (f"{dead_letters_of(each)}NotEmpty" for each in event_consumers())
    late = (f"{queue_of(each)}Late" for each in event_consumers())
    rows = [f"| {_anchors(parked)} | {_PARKED} |", f"| {_anchors(late)} | {_LATE} |"]
    return "\n".join(["| alarm | what it means | what to do |", "|---|---|---|", *rows])


def consumer_queue_table() -> str:
    """A row for the two queues of each consumer."""
    rows = [
        f"| `{queue_of(each)}`, `{dead_letters_of(each)}` | `{each}`: {_purpose(each)} |"
        for each in event_consumers()
    ]
    return "\n".join(["| queues | consumer |", "|---|---|", *rows])


def consumer_fault_table() -> str:
    """A row for each fault of a consumer, a column for each consumer. Every case is played."""
    names = [each.name for each in CONSUMERS]
    with installed():
        calm = play(NO_FAULT, names[0])
        rows = [
            (fault.what, *(outcome(calm, play(fault, name), name) for name in names))
            for fault in CONSUMER_FAULTS
        ]
    head = ("What happens", *(f"{each.makes}: `{each.name}`" for each in CONSUMERS))
    undisturbed = (NO_FAULT.what, *(f"{len(calm.effects[name])} effects" for name in names))
    lines = [f"| {' | '.join(row)} |" for row in (head, ("---",) * len(head), undisturbed, *rows)]
    return "\n".join(lines)


def _anchors(alarms: Iterable[str]) -> str:
    return ", ".join(f'<a id="{each}"></a>`{each}`' for each in alarms)


def _purpose(consumer: str) -> str:
    """The first line of its module."""
    source = (REPOSITORY / "lambdas" / "events" / consumer / "handler.py").read_text(encoding="utf-8")
    return (ast.get_docstring(ast.parse(source)) or "").splitlines()[0]
