"""What every step of the saga has in common: the input it gets and the lines it logs."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lambdas.shared.log import logger


class StepInputError(Exception):
    """The state machine called a step without what it needs: the workflow and the code do not match."""


@dataclass(frozen=True, slots=True)
class StepInput:
    """What the state machine hands to a step.

    Attributes:
        order_id: The order.
        execution: Name of the execution, for the logs.
        error: In the undo chain, what was caught: Step Functions' error output
            `{"Error": name, "Cause": text}`; else empty.
    """

    order_id: str
    execution: str
    error: Mapping[str, Any]

    @classmethod
    def parse(cls, event: Mapping[str, Any]) -> "StepInput":
        """Read a step's payload, and put its ids on every line that is logged from here on.

        Raises:
            StepInputError: The payload lacks an id, or has one that is not text.
        """
        for name in ("order_id", "execution"):
            if not isinstance(event.get(name), str):
                raise StepInputError(f"the payload's {name} is not text")
        logger.append_keys(order_id=event["order_id"], execution=event["execution"])
        return cls(event["order_id"], event["execution"], event.get("error") or {})
