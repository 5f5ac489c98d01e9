"""Lets things happen in a shop: customers, operators, colleagues at Stripe's dashboard, banks, faults."""

import json
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from http import HTTPStatus
from itertools import count
from typing import Any, Final

import httpx

from cli.shapes import SubmissionJson
from lambdas.domain.vocabulary import Capture
from local.stripe_stand_in.bank_outcomes import BankOutcome
from local.users import OPERATOR
from proof.fault_campaign.case import parse_injection
from proof.orders import an_order
from proof.scenarios import let_others_be_charged
from proof.simulation.interference import inject
from proof.simulation.simulated_world import RECONCILIATION, SimulatedWorld

_MAY_BE_UNKNOWN: Final = frozenset({HTTPStatus.CONFLICT, HTTPStatus.NOT_FOUND})
_NOTHING_YET: Final = "there is none"


class Actors:
    """Everybody who acts in a shop.

    Args:
        world: The shop's world.

    Attributes:
        orders: The ids of the orders that were accepted, by the names that happenings have for them.
        submissions: What was sent for each order.
        disturbed_at: When something was last done that delays orders, in milliseconds since 1970.
        breaches: Wrong answers, in words.
    """

    def __init__(self, world: SimulatedWorld) -> None:
        self.orders: dict[str, str] = {}
        self.submissions: dict[str, SubmissionJson] = {}
        self.disturbed_at = 0
        self.breaches: list[str] = []
        self._world = world
        self._customers: dict[str, str] = {}
        self._deliveries = count(1)
        self._refunds = count(1)
        self._loses_webhooks = False
        self._lost_events: list[str] = []
        stripe = world.stripe
        self._acts: Mapping[str, Callable[..., str]] = {
            "order": self._order,
            "again": partial(self._order_again, is_changed=False),
            "changed": partial(self._order_again, is_changed=True),
            "cancel": lambda label, user: self._request(label, "cancel", user),
            "fulfil": lambda label: self._request(label, "fulfil", json={"carrier": "DHL"}),
            "retry": lambda label: self._request(label, "retry"),
            "republish": lambda label: self._request(label, "republish"),
            "settle": lambda label: self._request(label, "settle", json={"reason": "Paid back in cash."}),
            "lines": self._refund_lines,
            "goodwill": lambda label, amount: self._ask_refund(label, {"amount": int(amount)}),
            "erase": lambda customer: self._operator("POST", f"/customers/{customer}/erase"),
            "restock": self._restock,
            "price": lambda sku, price: self._change(sku, unit_price=int(price)),
            "retire": lambda sku: self._change(sku, active=False),
            "offer": lambda sku: self._change(sku, active=True),
            "run": self._run,
            "stop": self._stop,
            "resend": self._resend,
            "setting": self._set_capture,
            "queue": self._queue,
            "reconcile": self._reconcile,
            "webhooks": self._set_webhooks,
            "fault": self._inject,
            "approve": self._with_payment(partial(stripe.authenticate, success=True)),
            "refuse": self._with_payment(partial(stripe.authenticate, success=False)),
            "refund": self._with_payment(stripe.refund_in_dashboard),
            "return": self._with_payment(stripe.return_refund),
            "void": self._with_payment(stripe.cancel_in_dashboard),
            "capture": self._with_payment(stripe.capture_in_dashboard),
            "expire": self._with_payment(stripe.expire_authorization),
            "dispute": self._with_payment(stripe.dispute),
            "won": self._with_payment(partial(stripe.close_dispute, won=True)),
            "lost": self._with_payment(partial(stripe.close_dispute, won=False)),
            "paid": self._with_payment(partial(stripe.finish_processing, success=True)),
            "unpaid": self._with_payment(partial(stripe.finish_processing, success=False)),
        }

    def act(self, what: str) -> None:
        """Let something happen; whatever is impossible by now does not.

        Raises:
            ValueError: Nothing of this name can happen.
        """
        kind, *words = what.split(" ")
        if kind not in self._acts:
            raise ValueError(f"{what!r} can't happen in a shop")
        entry = self._world.trace.add(self._world.scheduler.now, "shop", what)
        entry.outcome = self._acts[kind](*words)

    def calm_down(self) -> None:
        """End all that disturbs."""
        self._world.network.faults_of_case.clear()
        self._set_webhooks("normal")

    def look_into(self, find: Callable[[], Sequence[object]]) -> None:
        """Let Stripe send lost webhooks again, as an operator does if the reconciliation finds something.

        A run that records a refund of lines reports the rest of its order only the next time.
        """
        lost, self._lost_events = self._lost_events, []
        if find() or (lost and find()):
            for event_id in lost:
                self._world.stripe.resend(event_id)

    def _order(self, label: str, customer: str, items: str, card: str, *outcomes: str) -> str:
        lines = (item.split(":") for item in items.split(","))
        submission = an_order(*((sku, int(units)) for sku, units in lines), payment_method=card)
        self.submissions[label], self._customers[label] = submission, customer
        answer = self._submit(label, submission)
        outcome = self._expected(answer, f"order {label}")
        if answer.is_success:
            order_id = self.orders[label] = answer.json()["order_id"]
            for kind in outcomes:
                bank = BankOutcome.model_validate({"order_id": order_id, "kind": kind})
                self._world.stripe.model.outcomes.add(bank)
        return outcome

    def _order_again(self, label: str, *, is_changed: bool) -> str:
        """Send an order again. The shop must know it, and refuse it if it is another one."""
        if label not in self.orders:
            return _NOTHING_YET
        submission = self.submissions[label]
        if is_changed:
            first, *others = submission["items"]
            submission = {**submission, "items": [{**first, "quantity": first["quantity"] + 1}, *others]}
        answer = self._submit(label, submission)
        is_known = answer.is_success and answer.json()["order_id"] == self.orders[label]
        is_right = answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY if is_changed else is_known
        if not is_right and not answer.is_server_error:
            self.breaches.append(f"order {label} was sent again, and the answer was {answer.status_code}")
        return str(answer.status_code)

    def _submit(self, label: str, submission: SubmissionJson) -> httpx.Response:
        return self._world.signed_in(self._customers[label]).shop.post_order(
            submission, f"the-key-of-{label}"
        )

    def _request(self, label: str, what: str, user: str = OPERATOR, **body: Any) -> str:  # noqa: ANN401 - any body
        if label not in self.orders:
            return _NOTHING_YET
        path = f"/orders/{self.orders[label]}/{what}"
        answer = self._world.signed_in(user).shop.request("POST", path, **body)
        return self._expected(answer, f"{what} {label}", HTTPStatus.CONFLICT)

    def _refund_lines(self, label: str, units: str, *restock: str) -> str:
        """Refund some units of an order's first line."""
        if label not in self.orders:
            return _NOTHING_YET
        sku = self.submissions[label]["items"][0]["sku"]
        items = [{"sku": sku, "quantity": int(units)}]
        return self._ask_refund(label, {"items": items, "restock": bool(restock)})

    def _ask_refund(self, label: str, body: Mapping[str, Any]) -> str:
        key = {"Idempotency-Key": f"refund-{next(self._refunds)}"}
        return self._request(label, "refunds", headers=key, json={**body, "reason": "It was broken."})

    def _operator(self, method: str, path: str, **request: Any) -> str:  # noqa: ANN401 - any body and headers
        answer = self._world.signed_in(OPERATOR).shop.request(method, path, **request)
        return self._expected(answer, f"{method} {path}", *_MAY_BE_UNKNOWN)

    def _change(self, sku: str, **changes: Any) -> str:  # noqa: ANN401 - any change
        return self._operator("PATCH", f"/inventory/{sku}", json=changes)

    def _restock(self, sku: str, units: str) -> str:
        key = {"Idempotency-Key": f"delivery-{next(self._deliveries)}"}
        return self._operator("POST", f"/inventory/{sku}/restock", headers=key, json={"quantity": int(units)})

    def _expected(self, answer: httpx.Response, what: str, *others: int) -> str:
        """The status of an answer: a success, one of some errors, or that something is unavailable."""
        if not answer.is_success and not answer.is_server_error and answer.status_code not in others:
            self.breaches.append(f"{what} was answered {answer.status_code}: {answer.text}")
        return str(answer.status_code)

    def _run(self, label: str) -> str:
        if label not in self.orders:
            return _NOTHING_YET
        self._world.executions.start(f"{self.orders[label]}-again", self.orders[label])
        return ""

    def _stop(self, label: str) -> str:
        if label not in self.orders:
            return _NOTHING_YET
        names = self._world.executions.names(self.orders[label], running=True)
        for name in names:
            self._world.executions.stop(name)
        self._disturb()
        return ", ".join(names)

    def _resend(self, label: str) -> str:
        if label not in self.orders:
            return _NOTHING_YET
        return str(self._world.stripe.resend_all(self.orders[label]))

    def _set_capture(self, capture: str) -> str:
        self._world.set_capture(Capture(capture))
        return ""

    def _queue(self, seconds: str) -> str:
        let_others_be_charged(self._world, float(seconds))
        self._disturb()
        return ""

    def _reconcile(self, scope: str) -> str:
        name = f"asked-for-{len(self._world.step_functions.executions)}"
        self._world.step_functions.start(RECONCILIATION, name, json.dumps({"scope": scope}))
        return name

    def _set_webhooks(self, how: str) -> str:
        """Let Stripe deliver its events otherwise than before."""
        stripe = self._world.stripe
        if self._loses_webhooks:
            self._lost_events += stripe.lose_webhooks()
        stripe.reset_webhooks()
        self._loses_webhooks = how == "lost"
        if how in {"held", "lost"}:
            stripe.hold_webhooks()
        elif how == "repeated":
            stripe.duplicate_webhooks(2)
        self._disturb()
        return ""

    def _inject(self, *words: str) -> str:
        inject(self._world, parse_injection(" ".join(words)))
        return ""

    def _with_payment(self, act: Callable[..., object]) -> Callable[..., str]:
        """Do something with the newest payment of an order, if that is possible."""

        def act_on(label: str, *amount: str) -> str:
            order_id = self.orders.get(label)
            payments = [each for each in self._world.stripe.payments() if each.order_id == order_id]
            if order_id is None or not payments:
                return _NOTHING_YET
            self._disturb()
            try:
                act(payments[-1].intent_id, *map(int, amount))
            except (ValueError, httpx.HTTPStatusError) as error:
                return str(error)
            return "ok"

        return act_on

    def _disturb(self) -> None:
        self.disturbed_at = self._world.scheduler.now
