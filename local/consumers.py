"""The consumers of events, as the folder of their functions names them."""

from local.processes import REPOSITORY

_PUBLISHER = "publish_order_events"


def event_consumers() -> list[str]:
    """The functions in `lambdas/events/` that consume events: all but the one that publishes them."""
    folders = (file.parent.name for file in (REPOSITORY / "lambdas" / "events").glob("*/handler.py"))
    return sorted(name for name in folders if name != _PUBLISHER)


def queue_of(consumer: str) -> str:
    """Name of the queue of a consumer, as in the stacks."""
    return f"{_pascal_case(consumer)}Queue"


def dead_letters_of(consumer: str) -> str:
    """Name of the dead-letter queue of a consumer, as in the stacks."""
    return f"{_pascal_case(consumer)}DeadLetters"


def _pascal_case(name: str) -> str:
    return "".join(word.title() for word in name.split("_"))
