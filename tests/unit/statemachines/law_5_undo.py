"""Law 5 on the document: what was done is undone. And law 6: behind the pivot nothing is."""

from collections.abc import Iterable, Iterator, Sequence

from lambdas.domain import errors
from statemachines.document import ANY_ERROR, Role, SagaDocument, State, Transition
from tests.unit.statemachines.error_names import CUSTOMER_ASKED, HANDED_BACK, OUR_REJECTIONS
from tests.unit.statemachines.rulebook import Document, Law, catchers, rename, state

LAW_5 = Law("Every forward step catches States.ALL into its own undo; undos form one chain in reverse order")

UNDO_VERBS = {"Charge": "Refund", "Reserve": "Release"}

NOTHING_WAS_DONE = OUR_REJECTIONS - {errors.OrderCancelled.__name__, errors.UndoAlreadyBegun.__name__}
"""Rejections of an order that no execution has gone further with: there is nothing to undo."""


@LAW_5.rule
def every_task_catches_any_error_last(saga: SagaDocument) -> Iterator[str]:
    for task in saga.tasks:
        if not task.failures or task.failures[-1].errors != (ANY_ERROR,):
            yield f"{task.name} does not catch {ANY_ERROR} last"


@LAW_5.breach(every_task_catches_any_error_last, "ChargePayment does not catch States.ALL last")
def only_the_expected_error_is_caught(document: Document) -> None:
    catchers(document, "ChargePayment")[-1]["ErrorEquals"] = ["PaymentDeclined"]


@LAW_5.breach(every_task_catches_any_error_last, "ValidateOrder does not catch States.ALL last")
def the_catch_all_is_dropped(document: Document) -> None:
    catchers(document, "ValidateOrder").pop()


@LAW_5.breach(every_task_catches_any_error_last, "NotifyCustomerOfClosure does not catch States.ALL last")
def a_lost_mail_fails_the_execution(document: Document) -> None:
    del state(document, "NotifyCustomerOfClosure")["Catch"]


@LAW_5.rule
def every_step_behind_the_first_has_an_undo(saga: SagaDocument) -> Iterator[str]:
    for step in saga.steps[1:]:
        if saga.undo_of(step) is None:
            yield f"nothing undoes {step.name}"


@LAW_5.breach(every_step_behind_the_first_has_an_undo, "nothing undoes BookCourier")
def a_new_step_comes_without_its_undo(document: Document) -> None:
    courier = {**state(document, "ChargePayment"), "Comment": "Forward. Books.", "Next": "ReserveInventory"}
    document["States"]["BookCourier"] = courier
    state(document, "ChargePayment")["Next"] = "BookCourier"


@LAW_5.rule
def an_undo_is_named_after_its_step(saga: SagaDocument) -> Iterator[str]:
    for undo in saga.states.values():
        if undo.undoes is not None and undo.name != _mirrored(undo.undoes):
            yield f"{undo.name} undoes {undo.undoes}, so it should be {_mirrored(undo.undoes)}"


def _mirrored(step: str) -> str:
    for verb, undo_verb in UNDO_VERBS.items():
        if step.startswith(verb):
            return undo_verb + step.removeprefix(verb)
    return f"named by a verb of {sorted(UNDO_VERBS)}"


@LAW_5.breach(
    an_undo_is_named_after_its_step, "ReturnMoney undoes ChargePayment, so it should be RefundPayment"
)
def an_undo_has_a_name_of_its_own(document: Document) -> None:
    rename(document, "RefundPayment", "ReturnMoney")


@LAW_5.rule
def undos_are_one_chain_in_reverse_order(saga: SagaDocument) -> Iterator[str]:
    expected, chain = _undos_of(saga, saga.steps), _names(saga.undo_chain)
    if chain != expected:
        yield f"undone are {' -> '.join(chain)}, it should be {' -> '.join(expected)}"
    for undo in saga.having(Role.UNDO):
        if undo not in saga.way_back:
            yield f"{undo.name} is not in the chain of undos"


def _undos_of(saga: SagaDocument, steps: Sequence[State]) -> list[str]:
    """The undos of these steps, the last done first, and then the one that brings the order to rest."""
    return _names([*(saga.undo_of(step) for step in reversed(steps)), saga.last_undo])


def _names(states: Iterable[State | None]) -> list[str]:
    return [state.name for state in states if state is not None]


@LAW_5.breach(undos_are_one_chain_in_reverse_order, "undone are ReleaseInventory -> CloseOrder")
def an_undo_skips_the_refund(document: Document) -> None:
    state(document, "ReleaseInventory")["Next"] = "CloseOrder"


@LAW_5.breach(
    undos_are_one_chain_in_reverse_order, "undone are RefundPayment -> ReleaseInventory -> CloseOrder"
)
def undos_are_in_forward_order(document: Document) -> None:
    state(document, "RefundPayment")["Next"] = "ReleaseInventory"
    state(document, "ReleaseInventory")["Next"] = "CloseOrder"


@LAW_5.breach(undos_are_one_chain_in_reverse_order, "ReturnParcel is not in the chain of undos")
def an_undo_is_left_out_of_the_chain(document: Document) -> None:
    document["States"]["ReturnParcel"] = {
        **state(document, "ReleaseInventory"),
        "Comment": "Undo of ShipParcel.",
        "Next": "OrderClosed",
    }
    catchers(document, "NotifyCustomer")[-1]["Next"] = "ReturnParcel"


@LAW_5.rule
def every_failure_passes_the_undos_of_all_that_may_have_been_done(saga: SagaDocument) -> Iterator[str]:
    """Follows every way from every failure of every step, and of every detour, to an end of the execution.

    A way may leave the chain of undos only where an undo fails; where it goes then is for the next rules.
    The way into a detour is no failure. A detour does nothing that has an undo of its own, so its failures
    are undone like those of the step that it begins at.
    """
    begins = {detour.name: saga.left_at(detour) for detour in saga.detours}
    for failing in [*saga.steps, *saga.detours]:
        step = begins.get(failing.name, failing)
        number = saga.steps.index(step) if step else len(saga.steps) - 1
        for failure in failing.failures:
            if begins.get(failure.target) == failing:
                continue
            expected = _what_to_undo(saga, number, failure)
            for way in saga.ways_from(failure.target):
                passed = [failure.target, *(transition.target for transition in way)]
                undone = [name for name in passed if name in _names(saga.undo_chain)]
                if undone != expected and not _leaves_at_a_failed_undo(saga, way):
                    yield (
                        f"{failing.name} fails with {', '.join(failure.errors)}: {' -> '.join(passed)};"
                        f" it should pass {' -> '.join(expected)}"
                    )


def _what_to_undo(saga: SagaDocument, number: int, failure: Transition) -> list[str]:
    if number > 0:
        return _undos_of(saga, saga.steps[: number + 1])
    if NOTHING_WAS_DONE.issuperset(failure.errors):
        return _undos_of(saga, [])
    return _undos_of(saga, saga.steps)  # an earlier execution of the order may have gone as far as the pivot


def _leaves_at_a_failed_undo(saga: SagaDocument, way: Sequence[Transition]) -> bool:
    undos = _names(saga.undo_chain)
    return any(each.errors and each.source in undos and each.target not in undos for each in way)


@LAW_5.breach(
    every_failure_passes_the_undos_of_all_that_may_have_been_done,
    "ReserveInventory fails with States.ALL: RefundPayment",
)
def a_failed_reservation_is_not_released(document: Document) -> None:
    catchers(document, "ReserveInventory")[-1]["Next"] = "RefundPayment"


@LAW_5.breach(
    every_failure_passes_the_undos_of_all_that_may_have_been_done,
    "ChargePayment fails with PaymentDeclined: CloseOrder",
)
def a_declined_card_is_not_looked_into(document: Document) -> None:
    declined = {"ErrorEquals": ["PaymentDeclined"], "Assign": {"error": "{% $states.errorOutput %}"}}
    catchers(document, "ChargePayment").insert(0, {**declined, "Next": "CloseOrder"})


@LAW_5.breach(
    every_failure_passes_the_undos_of_all_that_may_have_been_done,
    "ValidateOrder fails with UnknownSku, CurrencyMismatch, OutOfStock, AmountNotChargeable, OrderCancelled",
)
def a_cancelled_order_keeps_its_stock_and_money(document: Document) -> None:
    catchers(document, "ValidateOrder")[0]["ErrorEquals"].append("OrderCancelled")


@LAW_5.breach(
    every_failure_passes_the_undos_of_all_that_may_have_been_done,
    "ValidateOrder fails with States.ALL: CloseOrder",
)
def a_crash_before_the_first_step_is_taken_for_a_rejection(document: Document) -> None:
    catchers(document, "ValidateOrder")[-1]["Next"] = "CloseOrder"


@LAW_5.breach(
    every_failure_passes_the_undos_of_all_that_may_have_been_done,
    "ChargePayment fails with States.ALL: ReleaseInventory",
)
def a_step_enters_the_chain_at_another_steps_undo(document: Document) -> None:
    catchers(document, "ChargePayment")[-1]["Next"] = "ReleaseInventory"


@LAW_5.breach(
    every_failure_passes_the_undos_of_all_that_may_have_been_done,
    "ReserveInventory fails with States.ALL: ReleaseInventory -> CloseOrder",
)
def an_undo_that_fails_skips_the_next(document: Document) -> None:
    catchers(document, "ReleaseInventory")[-1]["Next"] = "CloseOrder"


@LAW_5.breach(
    every_failure_passes_the_undos_of_all_that_may_have_been_done,
    "AwaitPayment fails with States.Timeout: CloseOrder",
)
def an_abandoned_payment_can_still_be_captured(document: Document) -> None:
    catchers(document, "AwaitPayment")[0]["Next"] = "CloseOrder"


@LAW_5.breach(
    every_failure_passes_the_undos_of_all_that_may_have_been_done,
    "AwaitPayment fails with States.Timeout: ReserveInventory -> NotifyCustomer",
)
def a_customer_who_does_not_answer_is_sent_the_goods(document: Document) -> None:
    catchers(document, "AwaitPayment")[0]["Next"] = "ReserveInventory"


@LAW_5.breach(
    every_failure_passes_the_undos_of_all_that_may_have_been_done,
    "AwaitPayment fails with States.ALL: ReleaseInventory -> RefundPayment",
)
def a_detour_enters_the_chain_at_a_later_steps_undo(document: Document) -> None:
    catchers(document, "AwaitPayment")[-1]["Next"] = "ReleaseInventory"


@LAW_5.breach(
    every_failure_passes_the_undos_of_all_that_may_have_been_done,
    "ChargePayment fails with PaymentDeclined: ReserveInventory",
)
def a_declined_card_is_sent_the_goods(document: Document) -> None:
    catchers(document, "ChargePayment").insert(
        0, {"ErrorEquals": ["PaymentDeclined"], "Next": "ReserveInventory"}
    )


@LAW_5.rule
def a_detour_is_made_on_request_and_comes_back_behind_its_step(saga: SagaDocument) -> Iterator[str]:
    for detour in saga.detours:
        step = saga.left_at(detour)
        if step is None or detour.next != step.next:
            yield f"{detour.name} comes back at {detour.next}, not behind the step that it begins at"
        for entry in saga.transitions:
            on_request = entry.errors == (CUSTOMER_ASKED,) and step and entry.source == step.name
            if entry.target == detour.name and not on_request:
                yield f"{entry.source} leads to {detour.name} on {', '.join(entry.errors) or 'success'}"


@LAW_5.breach(
    a_detour_is_made_on_request_and_comes_back_behind_its_step, "AwaitPayment comes back at NotifyCustomer"
)
def an_approved_payment_skips_the_pivot(document: Document) -> None:
    state(document, "AwaitPayment")["Next"] = "NotifyCustomer"


@LAW_5.breach(
    a_detour_is_made_on_request_and_comes_back_behind_its_step,
    "ChargePayment leads to AwaitPayment on PaymentActionRequired, PaymentProviderUnavailable",
)
def a_failed_charge_waits_for_a_customer_who_was_not_asked(document: Document) -> None:
    catchers(document, "ChargePayment")[0]["ErrorEquals"].append("PaymentProviderUnavailable")


@LAW_5.breach(
    a_detour_is_made_on_request_and_comes_back_behind_its_step,
    "ChargePayment leads to AwaitPayment on success",
)
def every_customer_is_waited_for(document: Document) -> None:
    state(document, "ChargePayment")["Next"] = "AwaitPayment"


@LAW_5.breach(
    a_detour_is_made_on_request_and_comes_back_behind_its_step,
    "RefundPayment leads to AwaitPayment on States.ALL",
)
def an_undo_waits_for_the_customer(document: Document) -> None:
    catchers(document, "RefundPayment")[-1]["Next"] = "AwaitPayment"


@LAW_5.rule
def an_undo_that_fails_goes_to_a_human_unless_the_order_is_confirmed(saga: SagaDocument) -> Iterator[str]:
    flagging = set(_names(saga.having(Role.ALARM)))
    for undo in saga.undo_chain:
        for failure in undo.failures:
            if failure.errors != (HANDED_BACK,) and failure.target not in flagging:
                yield f"{undo.name} fails with {', '.join(failure.errors)} and goes on at {failure.target}"


@LAW_5.breach(
    an_undo_that_fails_goes_to_a_human_unless_the_order_is_confirmed,
    "CloseOrder fails with States.ALL and goes on at OrderClosed",
)
def an_order_that_did_not_close_is_taken_for_closed(document: Document) -> None:
    catchers(document, "CloseOrder")[-1]["Next"] = "OrderClosed"


@LAW_5.rule
def an_undo_hands_a_confirmed_order_back_behind_the_pivot(saga: SagaDocument) -> Iterator[str]:
    behind = saga.pivot.next if saga.pivot else None
    for undo in saga.states.values():
        back = [each for each in undo.failures if HANDED_BACK in each.errors]
        if undo.undoes is not None and not back:
            yield f"{undo.name} does not hand a confirmed order back"
        for failure in back:
            if undo.role is not Role.UNDO or failure.target != behind:
                yield f"{undo.name} hands a confirmed order to {failure.target}"


@LAW_5.breach(
    an_undo_hands_a_confirmed_order_back_behind_the_pivot,
    "RefundPayment does not hand a confirmed order back",
)
def a_confirmed_order_calls_for_a_human(document: Document) -> None:
    catchers(document, "RefundPayment").pop(0)


@LAW_5.breach(
    an_undo_hands_a_confirmed_order_back_behind_the_pivot,
    "ReleaseInventory hands a confirmed order to ReserveInventory",
)
def a_confirmed_order_is_reserved_again(document: Document) -> None:
    catchers(document, "ReleaseInventory")[0]["Next"] = "ReserveInventory"


@LAW_5.rule
def only_a_confirmed_order_goes_forward_again(saga: SagaDocument) -> Iterator[str]:
    for transition in saga.transitions:
        backward = saga.states[transition.source].role is not Role.FORWARD
        target = saga.states.get(transition.target)
        if backward and target and target.role is Role.FORWARD and transition.errors != (HANDED_BACK,):
            yield f"{transition.source} goes forward to {transition.target}"


@LAW_5.breach(only_a_confirmed_order_goes_forward_again, "RefundPayment goes forward to NotifyCustomer")
def an_order_that_was_not_refunded_is_confirmed(document: Document) -> None:
    catchers(document, "RefundPayment")[-1]["Next"] = "NotifyCustomer"


@LAW_5.rule
def behind_the_pivot_nothing_is_undone(saga: SagaDocument) -> Iterator[str]:
    for behind in saga.happy_path[len(saga.steps) :]:
        for way in saga.ways_from(behind.name):
            for transition in way:
                target = saga.states.get(transition.target)
                if target is None or target.type != "Succeed":
                    yield f"{transition.source} is behind the pivot and leads to {transition.target}"


@LAW_5.breach(
    behind_the_pivot_nothing_is_undone, "NotifyCustomer is behind the pivot and leads to RefundPayment"
)
def a_lost_mail_refunds_the_customer(document: Document) -> None:
    catchers(document, "NotifyCustomer")[-1]["Next"] = "RefundPayment"


@LAW_5.rule
def every_way_leads_to_an_end(saga: SagaDocument) -> Iterator[str]:
    """No cycle, no way into nowhere, no state that nothing leads to."""
    reached = {saga.start, *(transition.target for transition in saga.transitions)}
    for name in reached - saga.states.keys():
        yield f"{name} does not exist"
    for name in saga.states.keys() - reached:
        yield f"nothing leads to {name}"
    for name in saga.states:
        if name in saga.after(name):
            yield f"{name} leads back to itself"


@LAW_5.breach(every_way_leads_to_an_end, "RefundPayment leads back to itself")
def the_chain_of_undos_goes_round_in_circles(document: Document) -> None:
    catchers(document, "CloseOrder")[-1]["Next"] = "ReleaseInventory"


@LAW_5.breach(every_way_leads_to_an_end, "CloseTheOrder does not exist")
def a_step_leads_nowhere(document: Document) -> None:
    state(document, "RefundPayment")["Next"] = "CloseTheOrder"


@LAW_5.breach(every_way_leads_to_an_end, "nothing leads to AwaitPayment")
def an_order_whose_customer_must_approve_is_refunded(document: Document) -> None:
    catchers(document, "ChargePayment").pop(0)


@LAW_5.breach(every_way_leads_to_an_end, "nothing leads to ConfirmedNotNotified")
def a_state_is_never_visited(document: Document) -> None:
    catchers(document, "NotifyCustomer")[-1]["Next"] = "OrderClosed"
