"""Steers and questions a running stand-in; the demo and the tests do it with this."""

from typing import Any, Self

import httpx

from local.stripe_stand_in.faults import FaultKind
from local.stripe_stand_in.ledger import Call
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

    def set_fault(  # noqa: PLR0913 - a fault has that many sides, each of them named and optional
        self,
        kind: FaultKind,
        *,
        method: str | None = None,
        path: str | None = None,
        order_id: str | None = None,
        times: int | None = 1,
        seconds: float = 60,
        after: int = 0,
    ) -> None:
        """Let calls fail; `faults` says how, and what the arguments mean.

        Raises:
            ValueError: There is no such fault.
        """
        fault = {
            "kind": kind,
            "method": method,
            "path": path,
            "order_id": order_id,
            "times": times,
            "seconds": seconds,
            "after": after,
        }
        answer = self._http.post("/_stand_in/faults", json=fault)
        if answer.status_code == httpx.codes.BAD_REQUEST:
            raise ValueError(answer.json()["error"]["message"])
        answer.raise_for_status()

    def clear_faults(self) -> None:
        """Forget all faults and release all held calls."""
        self._http.delete("/_stand_in/faults").raise_for_status()

    def held(self) -> int:
        """How many calls are parked by a `hold`."""
        return int(self._get("/_stand_in/held")["held"])

    def release(self) -> int:
        """Let all held calls go, and say how many they were."""
        return int(self._http.post("/_stand_in/release").raise_for_status().json()["released"])

    def calls(self, order_id: str | None = None) -> list[Call]:
        """The calls of the Stripe API in the order of their arrival, all or those of one order."""
        params = {} if order_id is None else {"order_id": order_id}
        return [Call(**call) for call in self._get("/calls", params)["calls"]]

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

    def _get(self, path: str, params: dict[str, str] | None = None) -> dict[str, Any]:
        body: dict[str, Any] = self._http.get(path, params=params).raise_for_status().json()
        return body
