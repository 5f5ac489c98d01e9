"""Steers and questions a running stand-in; the demo and the tests do it with this."""

from collections.abc import Sequence
from typing import Any, Literal, Self

import httpx

from local.stripe_stand_in.deliveries import Delivery
from local.stripe_stand_in.payments import Payment


class StandInClient:
    """A client of the stand-in's own endpoints. Use it as a context manager, or close it.

    Args:
        url: Where the stand-in listens.
    """

    def __init__(self, url: str) -> None:
        self._http = httpx.Client(
            base_url=url,
            headers={"Authorization": "Bearer sk_test_stand_in"},
            trust_env=False,  # a proxy has no business on the way to this machine
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def payments(self) -> list[Payment]:
        """What really happened to the money, payment by payment."""
        return [Payment(**payment) for payment in self._get("/payments")["payments"]]

    def authenticate(self, intent_id: str, *, success: bool) -> dict[str, Any]:
        """Be the customer who passes or fails 3-D Secure, and return the PaymentIntent as it is then.

        Raises:
            httpx.HTTPStatusError: The intent does not wait for this.
        """
        path = f"/v1/payment_intents/{intent_id}"
        secret = self._get(path)["client_secret"]
        answer = self._http.post(
            f"{path}/_authenticate", data={"client_secret": secret, "success": str(success).lower()}
        )
        if answer.status_code != httpx.codes.PAYMENT_REQUIRED:  # the bank may decline what was authenticated
            answer.raise_for_status()
        return self._get(path)

    def set_webhook(
        self, url: str, secrets: str | Sequence[str], events: Sequence[str] | None = None
    ) -> None:
        """Have events delivered to this endpoint, and to no other.

        Args:
            url: Takes them as POST.
            secrets: `whsec_...`, or several of them while one is rotated into the other.
            events: The types that it wants; None for all.

        Raises:
            ValueError: There can be no such endpoint.
        """
        secrets = [secrets] if isinstance(secrets, str) else list(secrets)
        wanted = None if events is None else list(events)
        self._post("/_stand_in/webhooks", {"url": url, "secrets": secrets, "events": wanted})

    def clear_webhook(self) -> None:
        """Have nothing delivered any more, not even what is under way."""
        self._http.delete("/_stand_in/webhooks").raise_for_status()

    def hold_webhooks(self) -> None:
        """Keep all events back from now on."""
        self._post("/_stand_in/delivery", {"hold": True})

    def release_webhooks(self, *, shuffle: bool = False) -> int:
        """Deliver the events that are kept back, keep no more back, and say how many it were.

        Args:
            shuffle: Whether in any order but that in which they happened.
        """
        self._post("/_stand_in/delivery", {"shuffle": shuffle})
        return int(self._post("/_stand_in/delivery/release")["released"])

    def duplicate_webhooks(self, times: int) -> None:
        """Deliver every event so many times more than once; those that are kept back, too."""
        self._post("/_stand_in/delivery", {"duplicate": times})

    def reset_webhooks(self) -> None:
        """Deliver every event at once, once and in order; those that are kept back, too."""
        self._post("/_stand_in/delivery", {"hold": False, "duplicate": 0, "shuffle": False})

    def deliveries(self, order_id: str | None = None) -> list[Delivery]:
        """The tries to deliver events in the order in which they began, all or those of one order."""
        params = {} if order_id is None else {"order_id": order_id}
        return [Delivery(**each) for each in self._get("/_stand_in/deliveries", params)["deliveries"]]

    def resend(self, event_id: str) -> None:
        """Deliver an event once more.

        Raises:
            ValueError: There is no such event.
        """
        self._post(f"/_stand_in/events/{event_id}/resend")

    def refund_in_dashboard(self, intent_id: str, amount: int | None = None) -> dict[str, Any]:
        """Be the colleague who refunds by hand, and return the refund.

        Args:
            intent_id: What to refund.
            amount: Minor units; None for all that is left.

        Raises:
            ValueError: It cannot be refunded.
        """
        return self._post("/_stand_in/dashboard/refund", {"intent_id": intent_id, "amount": amount})

    def dispute(self, intent_id: str) -> dict[str, Any]:
        """Be the customer who has the bank take the payment back, and return the dispute.

        Raises:
            ValueError: There is nothing to dispute.
        """
        return self._post("/_stand_in/dashboard/dispute", {"intent_id": intent_id})

    def set_refund_outcome(self, order_id: str, status: Literal["pending", "failed"]) -> None:
        """Have the next refund of an order made with this status."""
        self._post("/_stand_in/outcomes", {"order_id": order_id, "kind": f"refund_{status}"})

    def set_processing(self, order_id: str) -> None:
        """Have the next successful charge of an order leave its PaymentIntent `processing`."""
        self._post("/_stand_in/outcomes", {"order_id": order_id, "kind": "charge_pending"})

    def fail_refund(self, intent_id: str) -> dict[str, Any]:
        """Be the bank that sends the last refund back, though it had succeeded, and return the refund.

        Raises:
            ValueError: No refund of the intent has succeeded.
        """
        return self._post("/_stand_in/dashboard/fail_refund", {"intent_id": intent_id})

    def finish_processing(self, intent_id: str, *, success: bool) -> dict[str, Any]:
        """Be the bank that decides at last, and return the PaymentIntent as it is then.

        Raises:
            ValueError: The intent is not `processing`.
        """
        arguments = {"intent_id": intent_id, "success": success}
        return self._post("/_stand_in/dashboard/finish_processing", arguments)

    def _post(self, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        answer = self._http.post(path, json=body)
        if answer.is_client_error:
            raise ValueError(answer.json()["error"]["message"])
        answered: dict[str, Any] = answer.raise_for_status().json()
        return answered

    def _get(self, path: str, params: dict[str, str] | None = None) -> dict[str, Any]:
        body: dict[str, Any] = self._http.get(path, params=params).raise_for_status().json()
        return body
