"""The mail about an order whose goods were handed over."""

from lambdas.domain.order import Fulfilment, Order
from lambdas.shared.mail.letter import Letter, goods_of, total_of


def order_shipped(order: Order, fulfilment: Fulfilment) -> Letter:
    """What was sent, and who delivers it."""
    return Letter(
        order.order_id,
        "Your order is on its way",
        ("We have sent your order.", *_delivery(fulfilment)),
        ("If you want to send something back, contact us and state the number below.",),
        goods_of(order),
        total_of(order),
    )


def _delivery(fulfilment: Fulfilment) -> tuple[str, ...]:
    """One paragraph; none if neither the carrier nor the tracking number is known."""
    sentences = [
        fulfilment.carrier and f"It is delivered by {fulfilment.carrier}.",
        fulfilment.tracking_number and f"The tracking number is {fulfilment.tracking_number}.",
    ]
    text = " ".join(filter(None, sentences))
    return (text,) if text else ()
