"""Names of resources in the templates. Nothing here needs the CDK, so that others can read them too."""


def pascal_case(name: str) -> str:
    """Spell `charge_payment` as `ChargePayment`, like CloudFormation and the state machine do."""
    return "".join(word.title() for word in name.split("_"))


def stack_of(stage: str, name: str) -> str:
    """The stack of this name in a stage."""
    return f"orders-{stage}-{name}"


def alarm_of(stage: str, alarm: str) -> str:
    """The name of an alarm: a rollout watches alarms by their names, before their stack is deployed."""
    return f"{stack_of(stage, 'operations')}-{alarm}"


def queue_of(consumer: str) -> str:
    """The queue with the events for a consumer."""
    return f"{pascal_case(consumer)}Queue"


def dead_letters_of(consumer: str) -> str:
    """The queue with the events that a consumer could not handle."""
    return f"{pascal_case(consumer)}DeadLetters"
