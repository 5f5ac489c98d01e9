"""Law 9 on the definition: which errors are retried, how, and for how long at most."""

from collections.abc import Iterator, Sequence

from statemachines.document import Retrier, SagaDocument, State, Transition
from statemachines.steps import Role
from tests.unit.statemachines.budget import (
    LONGEST_DEADLINES,
    LONGEST_PAUSES,
    longest_seconds,
    seconds_of_visits,
    sum_of,
)
from tests.unit.statemachines.error_names import DEADLINE, FINAL, LATER, RETRIED
from tests.unit.statemachines.rulebook import Draft, Law

LAW_9 = Law(
    "Business errors are never retried; every other error always is, with full jitter, a cap and a budget"
)

MOST_RETRIES = 10

CHOSEN = "{% $parse($states.errorOutput.Cause).errorMessage %}"
SLOT = "{% $states.input.slot %}"
SLOT_IF_ANY = "{% $exists($states.input.slot) ? $states.input.slot : null %}"

UNDO_CHAIN = (Role.UNDO, Role.CLOSE, Role.ALARM)


@LAW_9.rule
def every_task_has_a_timeout(saga: SagaDocument) -> Iterator[str]:
    for task in saga.tasks:
        if not task.timeout_seconds:
            yield f"{task.name} has no TimeoutSeconds"


@every_task_has_a_timeout.broken_by("RefundPayment has no TimeoutSeconds")
def a_task_has_no_timeout(draft: Draft) -> None:
    del draft.states["RefundPayment"]["TimeoutSeconds"]


@every_task_has_a_timeout.broken_by("AwaitPayment has no TimeoutSeconds")
def a_wait_has_no_deadline(draft: Draft) -> None:
    del draft.states["AwaitPayment"]["TimeoutSeconds"]


@every_task_has_a_timeout.broken_by("AwaitPayment has no TimeoutSeconds")
def a_deadline_is_an_expression(draft: Draft) -> None:
    draft.states["AwaitPayment"]["TimeoutSeconds"] = "{% $number('${PaymentDeadlineSeconds}') %}"


@LAW_9.rule
def every_deadline_is_one_that_the_settings_allow(saga: SagaDocument) -> Iterator[str]:
    for task in saga.tasks:
        longest = LONGEST_DEADLINES.get(task.name, 0)
        if task.waits and (task.timeout_seconds or 0) > longest:
            yield f"{task.name} waits for {task.timeout_seconds} s, and the settings allow {longest} s"


@every_deadline_is_one_that_the_settings_allow.broken_by("AwaitPayment waits for 86400 s")
def a_deadline_is_longer_than_the_settings_allow(draft: Draft) -> None:
    draft.states["AwaitPayment"]["TimeoutSeconds"] = 86_400


@every_deadline_is_one_that_the_settings_allow.broken_by("AskTheWarehouse waits for 60 s")
def a_wait_is_added_that_the_settings_do_not_know(draft: Draft) -> None:
    draft.states["AskTheWarehouse"] = {**draft.states["AwaitPayment"], "TimeoutSeconds": 60}


@LAW_9.rule
def a_deadline_is_caught_and_never_retried(saga: SagaDocument) -> Iterator[str]:
    """Its own catcher leads to the step that finds out what became of the payment."""
    for task in saga.tasks:
        if task.waits and task.retries_of(DEADLINE):
            yield f"{task.name} waits again after its deadline"
        if task.waits and (DEADLINE,) not in [each.errors for each in task.failures]:
            yield f"{task.name} has no catcher for its deadline alone"


@a_deadline_is_caught_and_never_retried.broken_by("AwaitPayment waits again")
def a_deadline_is_retried(draft: Draft) -> None:
    del draft.states["AwaitPayment"]["Retry"][0]


@a_deadline_is_caught_and_never_retried.broken_by("AwaitPayment has no catcher for its deadline alone")
def a_deadline_has_no_catcher(draft: Draft) -> None:
    draft.catchers("AwaitPayment").pop(0)


@a_deadline_is_caught_and_never_retried.broken_by("AwaitPayment has no catcher for its deadline alone")
def a_declined_payment_counts_as_expired(draft: Draft) -> None:
    draft.catchers("AwaitPayment")[0]["ErrorEquals"].append("PaymentDeclined")


@LAW_9.rule
def every_task_has_exactly_one_retrier_that_retries(saga: SagaDocument) -> Iterator[str]:
    """Two of them would multiply the tries."""
    for task in saga.tasks:
        if len(retriers := _retriers_that_retry(task)) != 1:
            yield f"{task.name} has {len(retriers)} retriers"


def _retriers_that_retry(task: State) -> list[Retrier]:
    """The retriers without those that only keep an error from being retried."""
    return [retrier for retrier in task.retriers if retrier.max_attempts]


@every_task_has_exactly_one_retrier_that_retries.broken_by("FlagForOperator has 0 retriers")
def a_task_is_not_retried(draft: Draft) -> None:
    del draft.states["FlagForOperator"]["Retry"]


@every_task_has_exactly_one_retrier_that_retries.broken_by("CloseOrder has 2 retriers")
def a_second_retrier_multiplies_the_tries(draft: Draft) -> None:
    draft.states["CloseOrder"]["Retry"].append(draft.retrier("CloseOrder"))


@every_task_has_exactly_one_retrier_that_retries.broken_by("CloseOrder has 0 retriers")
def a_retrier_never_retries(draft: Draft) -> None:
    draft.retrier("CloseOrder")["MaxAttempts"] = 0


@LAW_9.rule
def every_error_is_retried_but_ours_that_no_retry_mends(saga: SagaDocument) -> Iterator[str]:
    """An error that nobody expected may pass, such as a permission that a deployment has just given."""
    for task in saga.tasks:
        for error in sorted(RETRIED - {DEADLINE} if task.waits else RETRIED):
            if not task.retries_of(error):
                yield f"{task.name} does not retry {error}"
        for error in sorted(error for error in FINAL if task.retries_of(error)):
            yield f"{task.name} retries {error}: add it to x-shared in order_saga.asl.yaml"


@every_error_is_retried_but_ours_that_no_retry_mends.broken_by("ChargePayment does not retry PaymentInFlux")
def an_error_of_ours_that_passes_is_not_retried(draft: Draft) -> None:
    draft.states["ChargePayment"]["Retry"][0]["ErrorEquals"].append("PaymentInFlux")


@every_error_is_retried_but_ours_that_no_retry_mends.broken_by(
    "ReserveInventory does not retry Lambda.KMSDisab"
)
def only_the_errors_that_somebody_listed_are_retried(draft: Draft) -> None:
    draft.retrier("ReserveInventory")["ErrorEquals"] = ["StoreUnavailable", "Lambda.Unknown"]


@every_error_is_retried_but_ours_that_no_retry_mends.broken_by(
    "ReserveInventory does not retry States.Timeout"
)
def a_call_that_hangs_is_not_retried(draft: Draft) -> None:
    draft.retrier("ReserveInventory")["ErrorEquals"] = ["States.TaskFailed"]


@every_error_is_retried_but_ours_that_no_retry_mends.broken_by("ChargePayment retries PaymentDeclined")
def a_declined_card_is_retried(draft: Draft) -> None:
    draft.states["ChargePayment"]["Retry"][0]["ErrorEquals"].remove("PaymentDeclined")


@every_error_is_retried_but_ours_that_no_retry_mends.broken_by("ChargePayment retries PaymentActionRequired")
def a_payment_that_needs_approval_is_retried(draft: Draft) -> None:
    draft.states["ChargePayment"]["Retry"][0]["ErrorEquals"].remove("PaymentActionRequired")


@every_error_is_retried_but_ours_that_no_retry_mends.broken_by("RefundPayment retries RefundRefused")
def an_error_that_needs_a_human_is_retried(draft: Draft) -> None:
    draft.states["RefundPayment"]["Retry"][0]["ErrorEquals"].remove("RefundRefused")


@every_error_is_retried_but_ours_that_no_retry_mends.broken_by(
    "ReleaseInventory retries OrderAlreadyConfirmed"
)
def an_undo_of_a_confirmed_order_is_retried(draft: Draft) -> None:
    draft.states["ReleaseInventory"]["Retry"][0]["ErrorEquals"].remove("OrderAlreadyConfirmed")


@every_error_is_retried_but_ours_that_no_retry_mends.broken_by("ValidateOrder retries OutOfStock")
def an_empty_shelf_is_retried(draft: Draft) -> None:
    del draft.states["ValidateOrder"]["Retry"][0]


@LAW_9.rule
def every_pause_is_random_growing_and_limited(saga: SagaDocument) -> Iterator[str]:
    for task in saga.tasks:
        for each in _retriers_that_retry(task):
            if each.jitter != "FULL":
                yield f"{task.name} retries with JitterStrategy {each.jitter}"
            if each.backoff_rate <= 1:
                yield f"{task.name} has BackoffRate {each.backoff_rate}: its pauses do not grow"
            if each.max_delay_seconds is None:
                yield f"{task.name} has no MaxDelaySeconds"


@every_pause_is_random_growing_and_limited.broken_by("NotifyCustomer retries with JitterStrategy NONE")
def the_pauses_have_no_jitter(draft: Draft) -> None:
    del draft.retrier("NotifyCustomer")["JitterStrategy"]


@every_pause_is_random_growing_and_limited.broken_by("NotifyCustomer has BackoffRate 1")
def the_pauses_do_not_grow(draft: Draft) -> None:
    draft.retrier("NotifyCustomer")["BackoffRate"] = 1


@every_pause_is_random_growing_and_limited.broken_by("CloseOrder has no MaxDelaySeconds")
def the_pauses_are_not_limited(draft: Draft) -> None:
    del draft.retrier("CloseOrder")["MaxDelaySeconds"]


@LAW_9.rule
def the_number_of_retries_is_given_and_small(saga: SagaDocument) -> Iterator[str]:
    for task in saga.tasks:
        if not all("MaxAttempts" in each for each in task.body.get("Retry", ())):
            yield f"{task.name} has no MaxAttempts"
        if task.tries - 1 > MOST_RETRIES:
            yield f"{task.name} has {task.tries - 1} retries, not {MOST_RETRIES} at most"


@the_number_of_retries_is_given_and_small.broken_by("CloseOrder has 99 retries")
def there_are_too_many_retries(draft: Draft) -> None:
    draft.retrier("CloseOrder")["MaxAttempts"] = 99


@the_number_of_retries_is_given_and_small.broken_by("CloseOrder has no MaxAttempts")
def max_attempts_is_left_to_the_default(draft: Draft) -> None:
    del draft.retrier("CloseOrder")["MaxAttempts"]


@LAW_9.rule
def undos_try_harder_than_forward_steps(saga: SagaDocument) -> Iterator[str]:
    forward = saga.forward
    most_tries = max(step.tries for step in forward)
    longest = max(longest_seconds(step) for step in forward if not step.waits)
    for undo in saga.having(*UNDO_CHAIN):
        seconds = longest_seconds(undo)
        if undo.tries <= most_tries:
            yield f"{undo.name} is tried {undo.tries} times, a forward step {most_tries} times"
        if seconds <= longest:
            yield f"{undo.name} gives up after {seconds:g} s, a forward step after {longest:g} s"


@undos_try_harder_than_forward_steps.broken_by("RefundPayment is tried 6 times")
def an_undo_has_as_few_tries_as_a_forward_step(draft: Draft) -> None:
    draft.states["RefundPayment"]["Retry"] = draft.states["ChargePayment"]["Retry"]


@undos_try_harder_than_forward_steps.broken_by("ReleaseInventory gives up after")
def an_undo_gives_up_too_soon(draft: Draft) -> None:
    draft.states["ReleaseInventory"]["TimeoutSeconds"] = 5
    draft.retrier("ReleaseInventory")["MaxDelaySeconds"] = 5


@undos_try_harder_than_forward_steps.broken_by("FlagForOperator is tried 4 times")
def the_alarm_has_fewer_tries_than_a_forward_step(draft: Draft) -> None:
    draft.retrier("FlagForOperator")["MaxAttempts"] = 3


@LAW_9.rule
def the_longest_way_fits_into_the_execution(saga: SagaDocument) -> Iterator[str]:
    longest = max(saga.ways_from(saga.start), key=lambda way: _seconds(saga, way))
    total = _seconds(saga, longest)
    if total > saga.timeout_seconds:
        sums = "\n".join(f"  {sum_of(saga, state)}" for state in _visited(saga, longest) if state.is_task)
        limit = saga.timeout_seconds
        yield f"the longest way takes {total:g} s, the execution may take {limit} s:\n{sums}"


def _visited(saga: SagaDocument, way: Sequence[Transition]) -> list[State]:
    names = [saga.start, *(transition.target for transition in way)]
    return [saga.states[name] for name in names if name in saga.states]


def _seconds(saga: SagaDocument, way: Sequence[Transition]) -> float:
    return sum(seconds_of_visits(saga, state) for state in _visited(saga, way) if state.is_task)


@the_longest_way_fits_into_the_execution.broken_by("RefundPayment: 51 x 30 s + (2 + 4 + 8 + 16 + 32 + 60")
def an_undo_is_retried_longer_than_the_execution_lasts(draft: Draft) -> None:
    draft.retrier("RefundPayment")["MaxAttempts"] = 50


@the_longest_way_fits_into_the_execution.broken_by("FlagForOperator: 9 x 400 s")
def the_alarm_takes_longer_than_the_execution_lasts(draft: Draft) -> None:
    draft.states["FlagForOperator"]["TimeoutSeconds"] = 400


@the_longest_way_fits_into_the_execution.broken_by("AwaitPayment: 200 x 30 s + 1800 s + (1 + 2 + 4 + 8 + 10")
def the_call_before_a_wait_is_retried_for_hours(draft: Draft) -> None:
    draft.retrier("AwaitPayment")["MaxAttempts"] = 200


@the_longest_way_fits_into_the_execution.broken_by("the longest way takes inf s")
def a_wait_has_a_deadline_that_the_settings_do_not_know(draft: Draft) -> None:
    draft.rename("AwaitPayment", "AwaitTheCustomer")


@the_longest_way_fits_into_the_execution.broken_by("the execution may take 600 s")
def the_execution_has_too_short_a_timeout(draft: Draft) -> None:
    draft.definition["TimeoutSeconds"] = 600


@the_longest_way_fits_into_the_execution.broken_by("the execution may take 0 s")
def the_execution_has_no_timeout(draft: Draft) -> None:
    del draft.definition["TimeoutSeconds"]


@the_longest_way_fits_into_the_execution.broken_by("and 21600 s in WaitForSlot")
def the_execution_has_no_time_for_the_queue(draft: Draft) -> None:
    draft.definition["TimeoutSeconds"] = 21_600


@LAW_9.rule
def the_budget_counts_every_state(saga: SagaDocument) -> Iterator[str]:
    """It counts neither the time nor the transitions of other types of states."""
    for each in saga.states.values():
        if each.type not in {"Task", "Succeed", "Fail"} and each.name not in LONGEST_PAUSES:
            yield f"{each.name} is a {each.type}, which the budget does not count"


@the_budget_counts_every_state.broken_by("Cooldown is a Wait")
def a_wait_state_is_added(draft: Draft) -> None:
    draft.states["Cooldown"] = {"Type": "Wait", "Seconds": 86_400, "Next": "CloseOrder"}
    draft.states["RefundPayment"]["Next"] = "Cooldown"


@LAW_9.rule
def an_execution_waits_once_for_a_time_that_a_function_chose(saga: SagaDocument) -> Iterator[str]:
    """The task gives the time to the state that waits, and gets it back: then it does not ask again."""
    for pause in (each for each in saga.states.values() if each.pauses_execution):
        if pause.body.get("Timestamp") != SLOT:
            yield f"{pause.name} does not wait until its slot"
        for task in (each for each in saga.states.values() if pause.name in each.targets):
            if task.name != pause.next:
                yield f"{pause.name} returns to {pause.next}, not to {task.name}"
            if task.body.get("Arguments", {}).get("Payload", {}).get("slot") != SLOT_IF_ANY:
                yield f"{task.name} does not know whether the execution has waited"
            ways = [each for each in task.body.get("Catch", ()) if each["Next"] == pause.name]
            if [(each["ErrorEquals"], each.get("Output")) for each in ways] != [([LATER], {"slot": CHOSEN})]:
                yield f"{task.name} does not give {pause.name} its slot"


@an_execution_waits_once_for_a_time_that_a_function_chose.broken_by(
    "WaitForSlot does not wait until its slot"
)
def every_order_waits_for_a_minute(draft: Draft) -> None:
    del draft.states["WaitForSlot"]["Timestamp"]
    draft.states["WaitForSlot"]["Seconds"] = 60


@an_execution_waits_once_for_a_time_that_a_function_chose.broken_by("WaitForSlot returns to ReserveInventory")
def an_order_is_not_charged_after_its_wait(draft: Draft) -> None:
    draft.states["WaitForSlot"]["Next"] = "ReserveInventory"


@an_execution_waits_once_for_a_time_that_a_function_chose.broken_by("ChargePayment does not know whether")
def the_function_is_not_told_of_the_wait(draft: Draft) -> None:
    del draft.states["ChargePayment"]["Arguments"]["Payload"]["slot"]


@an_execution_waits_once_for_a_time_that_a_function_chose.broken_by("ChargePayment does not give WaitForSlot")
def the_time_is_lost_on_the_way(draft: Draft) -> None:
    del draft.catchers("ChargePayment")[0]["Output"]
