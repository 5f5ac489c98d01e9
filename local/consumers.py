"""The consumers of events, as the folder of their functions names them."""

from local.processes import REPOSITORY

_PUBLISHER = "publish_order_events"


def event_consumers() -> list[str]:
    """The functions in `lambdas/events/` that consume events: all but the one that publishes them."""
    folders = (file.parent.name for file in (REPOSITORY / "lambdas" / "events").glob("*/handler.py"))
    return sorted(name for name in folders if name != _PUBLISHER)
