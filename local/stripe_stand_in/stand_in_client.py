"""Controls a running stand-in from another process; plays and tests use it."""

from collections.abc import Mapping, Sequence
from typing import Any

import httpx

from local.control_client import ControlClient
from local.stripe_stand_in.bank_outcomes import RefundStatus
from local.stripe_stand_in.payments import StripePayment
from local.stripe_stand_in.shell.deliveries import Delivery


class StandInClient(ControlClient):
    """A client of the stand-in's own endpoints; `authenticate` also calls the Stripe API."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self._http.headers["Authorization"] = "Bearer sk_test_stand_in"

    def payments(self) -> list[StripePayment]:
        """All payments with the money that they moved, the oldest first."""
        return [StripePayment(**payment) for payment in self._get("/payments")["payments"]]

    def authenticate(self, intent_id: str, *, success: bool) -> dict[str, Any]:
        """Pass or fail 3-D Secure, as the customer does; returns the PaymentIntent as it is then.

        Raises:
            httpx.HTTPStatusError: The intent is not in the status `requires_action`.
        """
        path = f"/v1/payment_intents/{intent_id}"
        secret = self._get(path)["client_secret"]
        answer = self._http.post(
            f"{path}/_authenticate", data={"client_secret": secret, "success": str(success).lower()}
        )
        if answer.status_code != httpx.codes.PAYMENT_REQUIRED:  # the bank can decline afterwards
            answer.raise_for_status()
        return self._get(path)

    def pay_elsewhere(
        self, amount: int, currency: str = "usd", metadata: Mapping[str, str] | None = None
    ) -> dict[str, Any]:
        """Pay something that is not the shop's, such as a payment link; returns the PaymentIntent."""
        fields = {"amount": str(amount), "currency": currency, "payment_method": "pm_card_visa"}
        for name, value in (metadata or {}).items():
            fields[f"metadata[{name}]"] = value
        answer = self._http.post("/v1/payment_intents", data={**fields, "confirm": "true"})
        paid: dict[str, Any] = answer.raise_for_status().json()
        return paid

    def make_payment_method(self, card_number: str = "4242424242424242") -> str:
        """Make a payment method, as the customer's browser does; returns its id. It can be used once."""
        fields = {"number": card_number, "exp_month": "12", "exp_year": "2040", "cvc": "123"}
        card = {"type": "card", **{f"card[{name}]": value for name, value in fields.items()}}
        answer = self._http.post("/v1/payment_methods", data=card)
        return str(answer.raise_for_status().json()["id"])

    def limit_amount(self, maximum: int) -> None:
        """Reject payments of more than this many minor units, as if the account were not allowed more."""
        self._post("/_stand_in/limits", {"amount": maximum})

    def limit_rate(self, total_per_second: int | None = None, per_endpoint: int | None = None) -> None:
        """Limit the requests with each secret key, in all and to each endpoint; None for no limit."""
        limits = {"per_second": total_per_second, "per_second_and_endpoint": per_endpoint}
        self._post("/_stand_in/limits", limits)

    def unlimited(self) -> None:
        """Take all limits back."""
        none = {"amount": None, "per_second": None, "per_second_and_endpoint": None}
        self._post("/_stand_in/limits", none)

    def set_webhook(
        self, url: str, secrets: str | Sequence[str], events: Sequence[str] | None = None
    ) -> None:
        """Deliver events to this endpoint only; see `WebhookEndpoint`.

        Raises:
            ValueError: An argument is not valid.
        """
        secrets = [secrets] if isinstance(secrets, str) else list(secrets)
        wanted = None if events is None else list(events)
        self._post("/_stand_in/webhooks", {"url": url, "secrets": secrets, "events": wanted})

    def clear_webhook(self) -> None:
        """Deliver nothing from now on, and end deliveries under way."""
        self._call("DELETE", "/_stand_in/webhooks")

    def hold_webhooks(self) -> None:
        """Hold all events back from now on."""
        self._post("/_stand_in/delivery", {"hold": True})

    def release_webhooks(self, *, shuffle: bool = False) -> int:
        """Deliver held events and hold none back from now on; returns how many there were.

        Args:
            shuffle: Whether to deliver them in another order than that in which they happened.
        """
        self._post("/_stand_in/delivery", {"shuffle": shuffle})
        return int(self._post("/_stand_in/delivery/release")["released"])

    def duplicate_webhooks(self, times: int) -> None:
        """Repeat the delivery of every event this many times, also of held ones."""
        self._post("/_stand_in/delivery", {"duplicate": times})

    def reset_webhooks(self) -> None:
        """Deliver every event at once, once and in order, also held ones."""
        self._post("/_stand_in/delivery", {"hold": False, "duplicate": 0, "shuffle": False})

    def deliveries(self, order_id: str | None = None) -> list[Delivery]:
        """The tries to deliver events in the order in which they began, all or those of one order."""
        params = {} if order_id is None else {"order_id": order_id}
        return [Delivery(**each) for each in self._get("/_stand_in/deliveries", params)["deliveries"]]

    def resend(self, event_id: str) -> None:
        """Deliver an event again.

        Raises:
            ValueError: The event is not known.
        """
        self._post(f"/_stand_in/events/{event_id}/resend")

    def refund_in_dashboard(self, intent_id: str, amount: int | None = None) -> dict[str, Any]:
        """Refund a payment by hand, as a colleague does in Stripe's dashboard; returns the refund.

        Args:
            intent_id: The PaymentIntent.
            amount: Minor units; None for all that is left.

        Raises:
            ValueError: It can't be refunded.
        """
        return self._post("/_stand_in/dashboard/refund", {"intent_id": intent_id, "amount": amount})

    def capture_in_dashboard(self, intent_id: str, amount: int | None = None) -> dict[str, Any]:
        """Capture an authorized payment by hand; returns the PaymentIntent.

        Args:
            intent_id: The PaymentIntent.
            amount: Minor units; None for all that is authorized.

        Raises:
            ValueError: It can't be captured.
        """
        return self._post("/_stand_in/dashboard/capture", {"intent_id": intent_id, "amount": amount})

    def cancel_in_dashboard(self, intent_id: str) -> dict[str, Any]:
        """Cancel a payment by hand, which releases an authorized amount; returns the PaymentIntent.

        Raises:
            ValueError: It can't be canceled.
        """
        return self._post("/_stand_in/dashboard/cancel", {"intent_id": intent_id})

    def expire_authorization(self, intent_id: str) -> dict[str, Any]:
        """Cancel a payment whose authorization has expired, as Stripe does; returns the PaymentIntent.

        Raises:
            ValueError: Nothing is authorized.
        """
        return self._post("/_stand_in/dashboard/expire", {"intent_id": intent_id})

    def hold_shortly(self, order_id: str) -> None:
        """Hold the amount of an order for hours instead of days, if it is authorized."""
        self._post("/_stand_in/outcomes", {"order_id": order_id, "kind": "short_hold"})

    def refuse_capture(self, order_id: str) -> None:
        """Decline the next capture of an order."""
        self._post("/_stand_in/outcomes", {"order_id": order_id, "kind": "capture_refused"})

    def dispute(self, intent_id: str) -> dict[str, Any]:
        """Dispute a payment, as a customer does; returns the dispute.

        Raises:
            ValueError: The payment has no charge that can be disputed.
        """
        return self._post("/_stand_in/dashboard/dispute", {"intent_id": intent_id})

    def close_dispute(self, intent_id: str, *, won: bool) -> dict[str, Any]:
        """Decide the dispute of a payment, as the bank does; returns the dispute.

        Raises:
            ValueError: No dispute of the intent is open.
        """
        return self._post("/_stand_in/dashboard/close_dispute", {"intent_id": intent_id, "won": won})

    def set_refund_outcome(self, order_id: str, status: RefundStatus) -> None:
        """Create the next refund of an order in this status."""
        self._post("/_stand_in/outcomes", {"order_id": order_id, "kind": f"refund_{status}"})

    def refuse_refunds(self, order_id: str) -> None:
        """Reject every refund of an order, as if the card were closed."""
        self._post("/_stand_in/outcomes", {"order_id": order_id, "kind": "refund_refused"})

    def finish_refund(self, intent_id: str, *, success: bool, refund_id: str | None = None) -> dict[str, Any]:
        """Decide about a pending refund, the oldest one unless one is named; returns the refund.

        Raises:
            ValueError: No such refund of the intent is pending.
        """
        arguments = {"intent_id": intent_id, "success": success, "refund_id": refund_id}
        return self._post("/_stand_in/dashboard/finish_refund", arguments)

    def fail_refund(self, intent_id: str, refund_id: str | None = None) -> dict[str, Any]:
        """Fail a refund that had succeeded, the newest one unless one is named; returns the refund.

        Raises:
            ValueError: No such refund of the intent has succeeded.
        """
        arguments = {"intent_id": intent_id, "refund_id": refund_id}
        return self._post("/_stand_in/dashboard/fail_refund", arguments)

    def set_processing(self, order_id: str) -> None:
        """Leave the PaymentIntent `processing` after the next successful charge of an order."""
        self._post("/_stand_in/outcomes", {"order_id": order_id, "kind": "charge_pending"})

    def finish_processing(self, intent_id: str, *, success: bool) -> dict[str, Any]:
        """Decide about a payment that is `processing`, as its bank does; returns the new PaymentIntent.

        Raises:
            ValueError: The intent is not `processing`.
        """
        arguments = {"intent_id": intent_id, "success": success}
        return self._post("/_stand_in/dashboard/finish_processing", arguments)
