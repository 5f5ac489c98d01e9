"""`make accept`: tries a deployed stage as its customers and operators do, and checks the saga's laws."""

import argparse
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Final, cast

import stripe

from cli.aws import aws_errors
from cli.errors import CommandFailed
from cli.shapes import ItemJson, SubmissionJson
from lambdas.domain.vocabulary import Capture
from local.chromium import NoBrowser, open_browser
from local.processes import StartFailed
from proof.acceptance.checks import CHECKS, Answers
from proof.acceptance.stage import AcceptedStage, StageAddress, prepared_stage
from proof.demo import show_end, show_laws
from proof.journeys import JOURNEYS
from proof.laws import take_snapshot
from proof.orders import NEEDS_APPROVAL
from proof.port import PlayedWorld
from proof.promises import broken_promises, read_history

_ON_EACH_STAGE: Final = (
    *("happy", "declined", "unknown-sku", "out-of-stock", "replay"),
    *("approved-by-redirect", "refused", "cancelled-while-asked"),
)
JOURNEYS_WITHOUT_FAULTS: Final = {
    Capture.AT_ORDER: (*_ON_EACH_STAGE, "cancelled-later", "line-refunded", "line-refunded-and-cancelled"),
    Capture.AT_FULFILMENT: (
        *(*_ON_EACH_STAGE, "captured-late"),
        *("authorized-and-cancelled", "returned-after-capture"),
    ),
}
"""The journeys that need no fault: customer, operator and bank make them happen, by the stage's `capture`."""

_RETURN_URL: Final = "https://shop.example/thanks"
_EVENTS_SECONDS: Final = 30.0


def main(arguments: argparse.Namespace) -> int:
    """Run the journeys and the checks.

    Returns:
        0 if every order ended as it must, every check succeeded and no law is broken, else 1.

    Raises:
        StartFailed: The stage or Stripe can't be reached, or this machine has no browser.
    """
    address = StageAddress(arguments.stage, arguments.url or None, arguments.stripe_url or None)
    try:
        with (
            aws_errors(f"The stage {address.name} can't be tried"),
            open_browser() as browser,
            prepared_stage(address, browser) as stage,
        ):
            return 0 if _accepts(stage, arguments.only or JOURNEYS_WITHOUT_FAULTS[stage.capture]) else 1
    except (CommandFailed, NoBrowser, stripe.StripeError) as error:
        raise StartFailed(str(error)) from error


def _accepts(stage: AcceptedStage, journeys: Sequence[str]) -> bool:
    """Run everything, print a line about each part, and return whether all of it was right."""
    before = take_snapshot(stage)
    wrong = [
        *(each for key in journeys for each in _show_journey(stage, key)),
        *(each for name, check in CHECKS.items() for each in _show_check(stage, name, check)),
        *(each for order_id in stage.placed.ids for each in _show_promises(stage, order_id)),
    ]
    breaches = show_laws(stage, before)
    return not wrong and not breaches


def _show_journey(stage: AcceptedStage, key: str) -> list[str]:
    (journey,) = (each for each in JOURNEYS if each.key == key)
    # These journeys need only what a stage has, too.
    world = cast(PlayedWorld, stage)
    own = replace(journey, order=_with_own_products(stage, journey.order), capture=stage.capture)
    return _tried(key, lambda: show_end(world, own)[1])


def _with_own_products(stage: AcceptedStage, order: SubmissionJson) -> SubmissionJson:
    """The order of products of this run; a bank that asks for approval does so on its own page."""
    items = [
        ItemJson(sku=f"{stage.prefix}{item['sku']}", quantity=item["quantity"]) for item in order["items"]
    ]
    own: SubmissionJson = {**order, "items": items}
    if order["payment_method"] == NEEDS_APPROVAL["payment_method"]:
        own["return_url"] = _RETURN_URL
    return own


def _show_check(stage: AcceptedStage, name: str, check: Callable[[AcceptedStage], Answers]) -> list[str]:
    def show_answers() -> list[str]:
        answers = check(stage)
        wrong = [
            f"{call}: {seen}, expected {must:d}" for call, (seen, must) in answers.items() if seen != must
        ]
        shown = ", ".join(f"{call} {seen}" for call, (seen, _) in answers.items())
        print(f"{'FAILED' if wrong else 'ok'}  {name}: {shown}", flush=True)
        return wrong

    return _tried(name, show_answers)


def _show_promises(stage: AcceptedStage, order_id: str) -> list[str]:
    """Wait until an order's events have arrived, and print the promises to its customer that are broken."""

    def broken() -> list[str]:
        with suppress(TimeoutError):  # the promise about events is broken, too
            stage.wait_for(
                lambda: (history := read_history(stage, order_id)) and history.is_consumed,
                f"the events of order {order_id} have arrived",
                timeout_seconds=_EVENTS_SECONDS,
            )
        history = read_history(stage, order_id)
        if history is None:
            return [f"order {order_id} was accepted, but has no record"]
        return broken_promises(history, mail_is_read=False)

    breaches = _tried(f"the promises of order {order_id}", broken)
    for breach in breaches:
        print(f"BROKEN  {breach}")
    return breaches


def _tried(name: str, trial: Callable[[], list[str]]) -> list[str]:
    """Run a part; whatever breaks it is printed, and the other parts still run."""
    try:
        return trial()
    except Exception as error:  # noqa: BLE001 - the stage, the network, Stripe or the browser can fail
        print(f"FAILED  {name}: {type(error).__name__}: {error}", flush=True)
        return [str(error)]
