"""Functions that consume events: each gets a rule, a queue and a dead-letter queue of its own."""

from dataclasses import dataclass

from aws_cdk import aws_events as events

from stacks.constructs.grant import Grant
from stacks.constructs.python_function import PythonFunction, PythonFunctions
from stacks.constructs.queue import DeadLetterQueue, EventQueue
from stacks.constructs.stage_stack import StageStack
from stacks.constructs.table import Table
from stacks.names import dead_letters_of, pascal_case, queue_of
from stacks.settings import StageSettings


@dataclass(frozen=True)
class Subscription:
    """The events that a consumer receives.

    Attributes:
        pattern: Selects them.
        bus: The bus; None for the account's default bus.
        message: What the consumer gets of an event; None for all of it.
        replays: Whether the consumer receives events that are replayed.
    """

    pattern: events.EventPattern
    bus: events.IEventBus | None = None
    message: events.RuleTargetInput | None = None
    replays: bool = True


class EventConsumers:
    """Adds consumers to one stack.

    The consumer `count_sales` gets the queues `CountSalesQueue` and `CountSalesDeadLetters`. An alarm watches
    each.
    """

    def __init__(
        self, stack: StageStack, settings: StageSettings, functions: PythonFunctions, idempotency: Table
    ) -> None:
        self._stack = stack
        self._settings = settings
        self._functions = functions
        self._idempotency = idempotency

    def add(
        self,
        name: str,
        subscription: Subscription,
        *grants: Grant,
        knows_duplicates: bool = False,
        max_receive_count: int = 5,
        batch_size: int = 10,
        concurrency: int | None = None,
        continued: bool = False,
    ) -> PythonFunction:
        """Add the function of this name, and deliver events to it in batches.

        Args:
            name: Name of the function's folder in `lambdas/events/`.
            subscription: The events.
            grants: The variables and permissions of the function.
            knows_duplicates: The function itself recognizes an event that comes again. Otherwise it may use
                the idempotency table, for `consume_once`.
            max_receive_count: How often an event is delivered before it becomes a dead letter.
            batch_size: How many events a call gets at most; its timeout must suffice for all of them.
            concurrency: How many calls are made at the same time; None for what the stage says.
            continued: The function may send messages to its own queue, whose URL is `QUEUE_URL`.
        """
        dead_letters = DeadLetterQueue(self._stack, dead_letters_of(name), self._settings)
        queue = EventQueue(
            self._stack,
            queue_of(name),
            self._settings,
            consumer=name,
            max_receive_count=max_receive_count,
            dead_letters=dead_letters,
        )
        queue.collect(
            f"{pascal_case(name)}Rule",
            subscription.pattern,
            description=f"Events for {name}",
            bus=subscription.bus,
            message=subscription.message,
            replays=subscription.replays,
        )
        once = [] if knows_duplicates else [self._idempotency.do_once()]
        more = [queue.send()] if continued else []
        function = self._functions.add(name, *grants, *once, *more)
        queue.deliver_to(function, batch_size=batch_size, concurrency=concurrency)
        return function
