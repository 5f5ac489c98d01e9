"""The errors of this service, as one tree.

Step Functions sees the name of the class: `ErrorEquals` in `statemachines/order_saga.asl.yaml` lists these
names. Each branch answers one question of the state machine:

    OrderSagaError
    ├── OrderRejected            Does the order end normally?    not retried; undone and closed
    │   ├── UnknownSku
    │   ├── CurrencyMismatch
    │   ├── OutOfStock
    │   ├── AmountNotChargeable
    │   ├── PriceChanged
    │   ├── TooManyOrders
    │   ├── PaymentDeclined
    │   ├── PaymentExpired
    │   ├── OrderCancelled
    │   └── UndoAlreadyBegun
    ├── ChargeScheduled          Is it another order's turn?     the saga waits for the order's slot
    ├── LineRefundDue            Is a refund of lines due?       the saga makes it
    ├── CaptureDue               Are the goods to be sent?       the saga captures the payment
    ├── PaymentActionRequired    Must the customer approve?      the saga waits for the payment
    ├── TransientFailure         Can a retry help?               always retried; the outcome is unknown
    │   ├── StoreUnavailable
    │   │   └── OrderIsNewer
    │   ├── StockContended
    │   ├── PaymentProviderUnavailable
    │   ├── PaymentInFlux
    │   ├── SagaUnavailable
    │   └── MailUnavailable
    ├── OrderAlreadyConfirmed    Is there nothing to undo?       the saga goes on after the pivot
    └── HumanNeeded              Is an operator needed?          not retried; the order is flagged
        ├── OrderNotFound
        ├── PaymentUnknown
        ├── CaptureRefused
        ├── RefundRefused
        ├── UndoIncomplete
        ├── MailRejected
        └── NothingToTell
"""

from typing import ClassVar

from lambdas.domain.vocabulary import FailureCode


class OrderSagaError(Exception):
    """Base class of all errors that this service raises."""


class OrderRejected(OrderSagaError):
    """The order cannot be fulfilled. This is normal in a shop, and no fault.

    The customer reads the message.
    """

    failure_code: ClassVar[FailureCode]
    """`failure.code` in the API and in events."""


class UnknownSku(OrderRejected):
    """An item is not in the catalogue, or its product is not active."""

    failure_code = FailureCode.UNKNOWN_SKU


class CurrencyMismatch(OrderRejected):
    """An item is not sold in the order's currency."""

    failure_code = FailureCode.CURRENCY_MISMATCH


class OutOfStock(OrderRejected):
    """The order asks for more units than are available."""

    failure_code = FailureCode.OUT_OF_STOCK


class PaymentDeclined(OrderRejected):
    """The bank or the payment provider declined the payment."""

    failure_code = FailureCode.PAYMENT_DECLINED


class AmountNotChargeable(OrderRejected):
    """The amount is outside the payment provider's limits for the currency."""

    failure_code = FailureCode.AMOUNT_NOT_CHARGEABLE


class PriceChanged(OrderRejected):
    """The order does not cost what the customer expects."""

    failure_code = FailureCode.PRICE_CHANGED


class TooManyOrders(OrderRejected):
    """The customer has placed as many orders within an hour as the stage allows."""

    failure_code = FailureCode.TOO_MANY_ORDERS


class PaymentExpired(OrderRejected):
    """The customer did not approve the payment in time.

    The code is also recorded if the authorization of a payment ended before the order was fulfilled.
    """

    failure_code = FailureCode.PAYMENT_EXPIRED


class OrderCancelled(OrderRejected):
    """Somebody asked to cancel the order; the order records who.

    If it was an operator, the recorded code is `cancelled_by_operator`, or `returned` if the order had been
    fulfilled.
    """

    failure_code = FailureCode.CANCELLED_BY_CUSTOMER


class UndoAlreadyBegun(OrderRejected):
    """An earlier execution decided to undo the order, so no later execution may go forward.

    The order already records the reason, so this code is never recorded.
    """

    failure_code = FailureCode.INTERNAL_ERROR


class ChargeScheduled(OrderSagaError):
    """Other orders are charged first. The message is when it is this order's turn: UTC, ISO 8601."""


class LineRefundDue(OrderSagaError):
    """An operator has asked for a refund of lines of the confirmed order. The message is the refund's id."""


class CaptureDue(OrderSagaError):
    """An operator wants to hand over the goods of the confirmed order, and its payment is only authorized."""


class PaymentActionRequired(OrderSagaError):
    """The payment waits for the customer (3-D Secure, for example) or for their bank."""


class TransientFailure(OrderSagaError):
    """A call failed or was not answered. Its outcome is unknown, and a retry may succeed."""


class StoreUnavailable(TransientFailure):
    """DynamoDB throttled the call, failed or did not answer."""


class OrderIsNewer(StoreUnavailable):
    """A later release has written the order so that this code can't read it. That release completes it."""


class StockContended(TransientFailure):
    """Another transaction is writing the same stock."""


class PaymentProviderUnavailable(TransientFailure):
    """The payment provider limited the rate, failed or did not answer."""


class PaymentInFlux(TransientFailure):
    """The payment is changing, or is no longer in the state that the call needs: retrieve it again."""


class SagaUnavailable(TransientFailure):
    """Step Functions throttled the call, failed or did not answer."""


class MailUnavailable(TransientFailure):
    """The mail service did not accept the message this time."""


class OrderAlreadyConfirmed(OrderSagaError):
    """An undo was asked for an order that has passed the pivot, where no failure undoes it any more.

    The last attempt of a step can succeed and lose its reply. The undo then finds the order confirmed, and
    the saga goes on.
    """


class HumanNeeded(OrderSagaError):
    """Neither a retry nor an undo can help: an operator has to decide."""


class OrderNotFound(HumanNeeded):
    """There is no record of the order."""


class PaymentUnknown(HumanNeeded):
    """The payment provider has no such payment: it belongs to another account or environment."""


class CaptureRefused(HumanNeeded):
    """The payment provider refuses to capture a payment that was authorized."""


class RefundRefused(HumanNeeded):
    """The payment provider refuses a refund, or the refund failed."""


class UndoIncomplete(HumanNeeded):
    """The order still holds money or stock, so it cannot be closed."""


class MailRejected(HumanNeeded):
    """The mail service will never deliver the message."""


class NothingToTell(HumanNeeded):
    """The order has not ended, so there is no message for its customer yet."""
