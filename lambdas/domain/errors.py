"""Everything that can be wrong with an order, as one tree.

A class name here is the error name that Step Functions sees: `ErrorEquals` in
`statemachines/order_saga.asl.yaml` names these classes. Each branch answers one question that the
state machine asks:

    OrderSagaError
    ├── OrderRejected            Is it business as usual?   never retried; undone, and the order closes
    │   ├── UnknownSku
    │   ├── CurrencyMismatch
    │   ├── OutOfStock
    │   ├── AmountNotChargeable
    │   ├── PaymentDeclined
    │   ├── PaymentExpired
    │   ├── OrderCancelled
    │   └── UndoAlreadyBegun
    ├── PaymentActionRequired    Who decides the payment?   the customer or their bank: the saga waits
    ├── TransientFailure         Is it worth another try?   always retried; the outcome is unknown
    │   ├── StoreUnavailable
    │   ├── StockContended
    │   ├── PaymentProviderUnavailable
    │   ├── PaymentInFlux
    │   ├── SagaUnavailable
    │   └── MailUnavailable
    ├── OrderAlreadyConfirmed    Was the undo a mistake?    the saga goes on behind the pivot
    └── HumanNeeded              Can nobody else mend it?   not retried; the order is flagged
        ├── OrderNotFound
        ├── PaymentUnknown
        ├── RefundRefused
        ├── UndoIncomplete
        ├── MailRejected
        └── NothingToTell
"""

from typing import ClassVar


class OrderSagaError(Exception):
    """The root of all errors that this service raises itself."""


class OrderRejected(OrderSagaError):
    """The order cannot be fulfilled, and that is business as usual.

    The message is shown to the customer.
    """

    failure_code: ClassVar[str]
    """What the API and the events say about it (`failure.code`)."""


class UnknownSku(OrderRejected):
    """An item is not in the catalogue."""

    failure_code = "unknown_sku"


class CurrencyMismatch(OrderRejected):
    """An item is not sold in the order's currency."""

    failure_code = "currency_mismatch"


class OutOfStock(OrderRejected):
    """Fewer units are left than the order asks for."""

    failure_code = "out_of_stock"


class PaymentDeclined(OrderRejected):
    """The bank, or Stripe, says no."""

    failure_code = "payment_declined"


class AmountNotChargeable(OrderRejected):
    """The order costs less, or more, than Stripe charges at once in its currency."""

    failure_code = "amount_not_chargeable"


class PaymentExpired(OrderRejected):
    """The customer did not approve the payment in time.

    No code raises this: the state machine makes it of the deadline of `AwaitPayment`.
    """

    failure_code = "payment_expired"


class OrderCancelled(OrderRejected):
    """Somebody asked to cancel; who it was stands in the order record."""

    failure_code = "cancelled_by_customer"


class UndoAlreadyBegun(OrderRejected):
    """An earlier execution decided to undo this order, so no later one may go forward.

    The order record holds the reason already; this class's code is never written.
    """

    failure_code = "internal_error"


class PaymentActionRequired(OrderSagaError):
    """The payment waits for the customer (3-D Secure and the like), or for their bank."""


class TransientFailure(OrderSagaError):
    """The outside world did not answer as it should: the outcome is unknown, and a retry may work."""


class StoreUnavailable(TransientFailure):
    """DynamoDB throttled the call, failed, or did not answer."""


class StockContended(TransientFailure):
    """Another order is taking the same stock at this moment."""


class PaymentProviderUnavailable(TransientFailure):
    """Stripe limited the rate, failed, or did not answer."""


class PaymentInFlux(TransientFailure):
    """The payment is between two states, or left the one we knew: ask Stripe again."""


class SagaUnavailable(TransientFailure):
    """Step Functions did not take the word that a waiting execution is told."""


class MailUnavailable(TransientFailure):
    """The mail service did not take the message just now."""


class OrderAlreadyConfirmed(OrderSagaError):
    """An undo was asked for an order that is behind the pivot, where nothing can fail it any more.

    A step's last retry can lose its reply after the effect. The undo asks the order record, finds the
    order confirmed, and hands it back to the forward path.
    """


class HumanNeeded(OrderSagaError):
    """No retry and no undo can mend this."""


class OrderNotFound(HumanNeeded):
    """There is no record of the order."""


class PaymentUnknown(HumanNeeded):
    """Stripe knows no such payment: it belongs to another account or another environment."""


class RefundRefused(HumanNeeded):
    """Stripe will not refund, or leaves the refund open."""


class UndoIncomplete(HumanNeeded):
    """An order was to be closed while its money or its stock is still taken."""


class MailRejected(HumanNeeded):
    """The mail service will never deliver this message."""


class NothingToTell(HumanNeeded):
    """The order has not ended, so there is no message for its customer yet."""
