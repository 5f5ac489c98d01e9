"""Names of resources in the templates. Nothing here needs the CDK, so that others can read them too."""


def pascal_case(name: str) -> str:
    """Spell `charge_payment` as `ChargePayment`, like CloudFormation and the state machine do."""
    return "".join(word.title() for word in name.split("_"))


def queue_of(consumer: str) -> str:
    """The queue with the events for a consumer."""
    return f"{pascal_case(consumer)}Queue"


def dead_letters_of(consumer: str) -> str:
    """The queue with the events that a consumer could not handle."""
    return f"{pascal_case(consumer)}DeadLetters"
