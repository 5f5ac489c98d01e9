"""Law 9 on the document: which errors are retried, how, and for how long at most."""

from collections.abc import Iterator, Sequence

from statemachines.document import Role, SagaDocument, State, Transition
from tests.unit.statemachines.budget import LONGEST_DEADLINES, longest_seconds, sum_of
from tests.unit.statemachines.error_names import DEADLINE, OURS, TRANSIENT, WILDCARDS
from tests.unit.statemachines.rulebook import Document, Law, catchers, rename, retrier, state

LAW_9 = Law(
    "Business errors are never retried; transient ones always are, with full jitter, a cap and a budget"
)

MOST_RETRIES = 10


@LAW_9.rule
def every_task_has_a_timeout(saga: SagaDocument) -> Iterator[str]:
    for task in saga.tasks:
        if not task.timeout_seconds:
            yield f"{task.name} has no TimeoutSeconds"


@LAW_9.breach(every_task_has_a_timeout, "RefundPayment has no TimeoutSeconds")
def a_task_may_hang(document: Document) -> None:
    del state(document, "RefundPayment")["TimeoutSeconds"]


@LAW_9.breach(every_task_has_a_timeout, "AwaitPayment has no TimeoutSeconds")
def a_customer_may_think_for_ever(document: Document) -> None:
    del state(document, "AwaitPayment")["TimeoutSeconds"]


@LAW_9.breach(every_task_has_a_timeout, "AwaitPayment has no TimeoutSeconds")
def a_deadline_is_an_expression_that_no_arithmetic_knows(document: Document) -> None:
    state(document, "AwaitPayment")["TimeoutSeconds"] = "{% $number('${PaymentDeadlineSeconds}') %}"


@LAW_9.rule
def every_deadline_is_one_that_the_settings_allow(saga: SagaDocument) -> Iterator[str]:
    for task in saga.tasks:
        longest = LONGEST_DEADLINES.get(task.name, 0)
        if task.waits and (task.timeout_seconds or 0) > longest:
            yield f"{task.name} waits for {task.timeout_seconds} s, the settings allow {longest} s"


@LAW_9.breach(every_deadline_is_one_that_the_settings_allow, "AwaitPayment waits for 86400 s")
def a_customer_may_sleep_on_it(document: Document) -> None:
    state(document, "AwaitPayment")["TimeoutSeconds"] = 86_400


@LAW_9.breach(every_deadline_is_one_that_the_settings_allow, "AskTheWarehouse waits for 60 s")
def somebody_else_is_waited_for(document: Document) -> None:
    document["States"]["AskTheWarehouse"] = {**state(document, "AwaitPayment"), "TimeoutSeconds": 60}


@LAW_9.rule
def a_deadline_is_caught_and_never_retried(saga: SagaDocument) -> Iterator[str]:
    """It has a catcher of its own: whoever lets it pass is told so, and not that we failed."""
    for task in saga.tasks:
        if task.waits and any(DEADLINE in each.errors for each in task.retriers):
            yield f"{task.name} begins to wait again after its deadline"
        if task.waits and (DEADLINE,) not in [each.errors for each in task.failures]:
            yield f"{task.name} has no catcher for its deadline alone"


@LAW_9.breach(a_deadline_is_caught_and_never_retried, "AwaitPayment begins to wait again")
def a_customer_gets_six_deadlines(document: Document) -> None:
    retrier(document, "AwaitPayment")["ErrorEquals"].append(DEADLINE)


@LAW_9.breach(a_deadline_is_caught_and_never_retried, "AwaitPayment has no catcher for its deadline alone")
def a_deadline_is_an_error_like_any_other(document: Document) -> None:
    catchers(document, "AwaitPayment").pop(0)


@LAW_9.breach(a_deadline_is_caught_and_never_retried, "AwaitPayment has no catcher for its deadline alone")
def a_declined_payment_is_taken_for_an_expired_one(document: Document) -> None:
    catchers(document, "AwaitPayment")[0]["ErrorEquals"].append("PaymentDeclined")


@LAW_9.rule
def every_task_has_exactly_one_retrier(saga: SagaDocument) -> Iterator[str]:
    for task in saga.tasks:
        if len(task.retriers) != 1:
            yield f"{task.name} has {len(task.retriers)} retriers"


@LAW_9.breach(every_task_has_exactly_one_retrier, "FlagForOperator has 0 retriers")
def a_task_is_not_retried(document: Document) -> None:
    del state(document, "FlagForOperator")["Retry"]


@LAW_9.breach(every_task_has_exactly_one_retrier, "CloseOrder has 2 retriers")
def a_second_retrier_multiplies_the_tries(document: Document) -> None:
    state(document, "CloseOrder")["Retry"].append(retrier(document, "CloseOrder"))


@LAW_9.rule
def every_transient_error_is_retried(saga: SagaDocument) -> Iterator[str]:
    for task in saga.tasks:
        transient = TRANSIENT - {DEADLINE} if task.waits else TRANSIENT
        for error in sorted(transient.difference(*(each.errors for each in task.retriers))):
            yield f"{task.name} does not retry {error}"


@LAW_9.breach(every_transient_error_is_retried, "ChargePayment does not retry PaymentInFlux")
def a_transient_error_of_ours_is_forgotten(document: Document) -> None:
    retrier(document, "ChargePayment")["ErrorEquals"].remove("PaymentInFlux")


@LAW_9.breach(every_transient_error_is_retried, "ReleaseInventory does not retry Lambda.Unknown")
def a_killed_function_is_forgotten(document: Document) -> None:
    retrier(document, "ReleaseInventory")["ErrorEquals"].remove("Lambda.Unknown")


@LAW_9.breach(every_transient_error_is_retried, "ReserveInventory does not retry States.Timeout")
def a_call_that_hangs_is_taken_for_a_deadline(document: Document) -> None:
    retrier(document, "ReserveInventory")["ErrorEquals"].remove(DEADLINE)


@LAW_9.breach(every_transient_error_is_retried, "AwaitPayment does not retry StoreUnavailable")
def a_call_that_only_begins_to_wait_is_not_retried(document: Document) -> None:
    retrier(document, "AwaitPayment")["ErrorEquals"].remove("StoreUnavailable")


@LAW_9.rule
def nothing_else_of_ours_is_retried(saga: SagaDocument) -> Iterator[str]:
    for task in saga.tasks:
        for error in sorted(
            OURS.difference(TRANSIENT).intersection(*(each.errors for each in task.retriers))
        ):
            yield f"{task.name} retries {error}, which no retry mends"


@LAW_9.breach(nothing_else_of_ours_is_retried, "ChargePayment retries PaymentDeclined")
def a_declined_card_is_tried_again(document: Document) -> None:
    retrier(document, "ChargePayment")["ErrorEquals"].append("PaymentDeclined")


@LAW_9.breach(nothing_else_of_ours_is_retried, "ChargePayment retries PaymentActionRequired")
def a_customer_is_not_asked_but_charged_again(document: Document) -> None:
    retrier(document, "ChargePayment")["ErrorEquals"].append("PaymentActionRequired")


@LAW_9.breach(nothing_else_of_ours_is_retried, "RefundPayment retries RefundRefused")
def what_needs_a_human_is_tried_again(document: Document) -> None:
    retrier(document, "RefundPayment")["ErrorEquals"].append("RefundRefused")


@LAW_9.breach(nothing_else_of_ours_is_retried, "ReleaseInventory retries OrderAlreadyConfirmed")
def a_hand_back_is_tried_again(document: Document) -> None:
    retrier(document, "ReleaseInventory")["ErrorEquals"].append("OrderAlreadyConfirmed")


@LAW_9.rule
def no_wildcard_is_retried(saga: SagaDocument) -> Iterator[str]:
    for task in saga.tasks:
        for error in sorted(WILDCARDS.intersection(*(each.errors for each in task.retriers))):
            yield f"{task.name} retries {error}, business errors included"


@LAW_9.breach(no_wildcard_is_retried, "ValidateOrder retries States.TaskFailed")
def every_failed_task_is_tried_again(document: Document) -> None:
    retrier(document, "ValidateOrder")["ErrorEquals"] = ["States.TaskFailed"]


@LAW_9.breach(no_wildcard_is_retried, "ValidateOrder retries States.ALL")
def everything_is_tried_again(document: Document) -> None:
    retrier(document, "ValidateOrder")["ErrorEquals"] = ["States.ALL"]


@LAW_9.rule
def every_pause_is_random_growing_and_limited(saga: SagaDocument) -> Iterator[str]:
    for task in saga.tasks:
        for each in task.retriers:
            if each.jitter != "FULL":
                yield f"{task.name} retries with JitterStrategy {each.jitter}"
            if each.backoff_rate <= 1:
                yield f"{task.name} has BackoffRate {each.backoff_rate}: its pauses do not grow"
            if each.max_delay_seconds is None:
                yield f"{task.name} has no MaxDelaySeconds"


@LAW_9.breach(every_pause_is_random_growing_and_limited, "NotifyCustomer retries with JitterStrategy NONE")
def the_jitter_is_forgotten(document: Document) -> None:
    del retrier(document, "NotifyCustomer")["JitterStrategy"]


@LAW_9.breach(every_pause_is_random_growing_and_limited, "NotifyCustomer has BackoffRate 1")
def the_pauses_do_not_grow(document: Document) -> None:
    retrier(document, "NotifyCustomer")["BackoffRate"] = 1


@LAW_9.breach(every_pause_is_random_growing_and_limited, "CloseOrder has no MaxDelaySeconds")
def the_pauses_are_not_limited(document: Document) -> None:
    del retrier(document, "CloseOrder")["MaxDelaySeconds"]


@LAW_9.rule
def retries_are_counted_and_few(saga: SagaDocument) -> Iterator[str]:
    for task in saga.tasks:
        if "MaxAttempts" not in next(iter(task.body.get("Retry", ())), ()):
            yield f"{task.name} does not say how often it is retried"
        if not 1 <= task.tries - 1 <= MOST_RETRIES:
            yield f"{task.name} has {task.tries - 1} retries, not 1 to {MOST_RETRIES}"


@LAW_9.breach(retries_are_counted_and_few, "CloseOrder has 99 retries")
def retries_without_an_end(document: Document) -> None:
    retrier(document, "CloseOrder")["MaxAttempts"] = 99


@LAW_9.breach(retries_are_counted_and_few, "CloseOrder has 0 retries")
def a_retrier_that_never_retries(document: Document) -> None:
    retrier(document, "CloseOrder")["MaxAttempts"] = 0


@LAW_9.breach(retries_are_counted_and_few, "CloseOrder does not say how often")
def retries_are_left_to_the_default(document: Document) -> None:
    del retrier(document, "CloseOrder")["MaxAttempts"]


@LAW_9.rule
def undos_try_harder_than_forward_steps(saga: SagaDocument) -> Iterator[str]:
    forward = saga.having(Role.FORWARD)
    most_tries = max(step.tries for step in forward)
    longest = max(longest_seconds(step) for step in forward if not step.waits)
    for undo in [*saga.undo_chain, *saga.having(Role.ALARM)]:
        if undo.tries <= most_tries:
            yield f"{undo.name} is tried {undo.tries} times, forward steps {most_tries} times"
        if longest_seconds(undo) <= longest:
            yield f"{undo.name} gives up after {longest_seconds(undo):g} s, forward steps after {longest:g} s"


@LAW_9.breach(undos_try_harder_than_forward_steps, "RefundPayment is tried 6 times")
def an_undo_gives_up_like_a_forward_step(document: Document) -> None:
    state(document, "RefundPayment")["Retry"] = state(document, "ChargePayment")["Retry"]


@LAW_9.breach(undos_try_harder_than_forward_steps, "ReleaseInventory gives up after")
def an_undo_hurries(document: Document) -> None:
    state(document, "ReleaseInventory")["TimeoutSeconds"] = 5
    retrier(document, "ReleaseInventory")["MaxDelaySeconds"] = 5


@LAW_9.breach(undos_try_harder_than_forward_steps, "FlagForOperator is tried 4 times")
def the_call_for_a_human_gives_up_like_a_forward_step(document: Document) -> None:
    retrier(document, "FlagForOperator")["MaxAttempts"] = 3


@LAW_9.rule
def all_tries_of_the_longest_way_fit_into_the_execution(saga: SagaDocument) -> Iterator[str]:
    longest = max(saga.ways_from(saga.start), key=lambda way: _seconds(saga, way))
    total = _seconds(saga, longest)
    if total > saga.timeout_seconds:
        sums = "\n".join(f"  {sum_of(state)}" for state in _visited(saga, longest) if state.is_task)
        yield f"the longest way takes {total:g} s, the execution may take {saga.timeout_seconds} s:\n{sums}"


def _visited(saga: SagaDocument, way: Sequence[Transition]) -> list[State]:
    names = [saga.start, *(transition.target for transition in way)]
    return [saga.states[name] for name in names if name in saga.states]


def _seconds(saga: SagaDocument, way: Sequence[Transition]) -> float:
    return sum(longest_seconds(state) for state in _visited(saga, way) if state.is_task)


@LAW_9.breach(
    all_tries_of_the_longest_way_fit_into_the_execution,
    "RefundPayment: 51 x 30 s + (2 + 4 + 8 + 16 + 32 + 60 + 60",
)
def an_undo_is_retried_for_longer_than_the_execution_lives(document: Document) -> None:
    retrier(document, "RefundPayment")["MaxAttempts"] = 50


@LAW_9.breach(all_tries_of_the_longest_way_fit_into_the_execution, "FlagForOperator: 9 x 400 s")
def the_call_for_a_human_comes_too_late(document: Document) -> None:
    state(document, "FlagForOperator")["TimeoutSeconds"] = 400


@LAW_9.breach(
    all_tries_of_the_longest_way_fit_into_the_execution,
    "AwaitPayment: 200 x 30 s + 1800 s + (1 + 2 + 4 + 8 + 10 + 10",
)
def a_call_that_only_begins_to_wait_is_retried_for_hours(document: Document) -> None:
    retrier(document, "AwaitPayment")["MaxAttempts"] = 200


@LAW_9.breach(all_tries_of_the_longest_way_fit_into_the_execution, "the longest way takes inf s")
def the_customer_outlives_the_execution(document: Document) -> None:
    rename(document, "AwaitPayment", "AwaitTheCustomer")


@LAW_9.breach(all_tries_of_the_longest_way_fit_into_the_execution, "the execution may take 600 s")
def the_execution_is_cut_short(document: Document) -> None:
    document["TimeoutSeconds"] = 600


@LAW_9.breach(all_tries_of_the_longest_way_fit_into_the_execution, "the execution may take 0 s")
def the_execution_has_no_timeout(document: Document) -> None:
    del document["TimeoutSeconds"]


@LAW_9.rule
def every_state_is_a_task_or_an_end(saga: SagaDocument) -> Iterator[str]:
    """Anything else takes time, or transitions, that the budget does not count."""
    for each in saga.states.values():
        if each.type not in {"Task", "Succeed", "Fail"}:
            yield f"{each.name} is a {each.type}, which the budget does not know"


@LAW_9.breach(every_state_is_a_task_or_an_end, "Cooldown is a Wait")
def a_wait_escapes_the_budget(document: Document) -> None:
    document["States"]["Cooldown"] = {"Type": "Wait", "Seconds": 86_400, "Next": "CloseOrder"}
    state(document, "RefundPayment")["Next"] = "Cooldown"
