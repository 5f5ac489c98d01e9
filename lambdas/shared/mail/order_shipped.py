"""The mail about an order whose goods were handed over."""

from collections.abc import Iterable

from lambdas.domain.order import Fulfilment, Order
from lambdas.domain.order_events import UnitsDetail
from lambdas.domain.vocabulary import Capture
from lambdas.shared.mail.letter import Letter, goods_of, only, total_of


def order_shipped(order: Order, fulfilment: Fulfilment, items: Iterable[UnitsDetail]) -> Letter:
    """What was sent, and who delivers it.

    Args:
        order: The order.
        fulfilment: How the goods were handed over.
        items: The goods; refunds of lines may have given back others.
    """
    sent = only(order, items)
    return Letter(
        order.order_id,
        "Your order is on its way",
        ("We have sent your order.", *_delivery(fulfilment), *_payment(order)),
        ("If you want to send something back, contact us and state the number below.",),
        goods_of(sent),
        total_of(sent),
    )


def _payment(order: Order) -> tuple[str, ...]:
    """One paragraph if the customer pays only now."""
    if order.capture is Capture.AT_ORDER:
        return ()
    return (f"You paid {total_of(order)}, which your bank had reserved.",)


def _delivery(fulfilment: Fulfilment) -> tuple[str, ...]:
    """One paragraph; none if neither the carrier nor the tracking number is known."""
    sentences = [
        fulfilment.carrier and f"It is delivered by {fulfilment.carrier}.",
        fulfilment.tracking_number and f"The tracking number is {fulfilment.tracking_number}.",
    ]
    text = " ".join(filter(None, sentences))
    return (text,) if text else ()
