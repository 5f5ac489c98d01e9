// What a user can do to an order. Each action asks first if it can't be taken back, and sends one request.

import { Problem } from "./api.js";
import { askFor, choose, confirm, fillIn } from "./dialogs.js";
import { isAuthorized } from "./model.js";
import { readRefund, refundFields } from "./refund.js";
import { SAMPLES } from "./samples.js";

export const ACTIONS = {
  approve: {
    label: "Approve at the bank",
    class: "primary",
    done: "The payment is approved.",
    run: (api, order) => api.answerBank(order.payment.intent_id, "approve"),
  },
  refuse: {
    label: "Refuse at the bank",
    done: "The payment is refused.",
    run: (api, order) => api.answerBank(order.payment.intent_id, "refuse"),
  },
  retry: { label: "Retry", done: "One more execution was asked for.", run: (api, order) => api.retry(order.order_id) },
  settle: {
    label: "Settle ...",
    done: "The payment is settled outside of Stripe.",
    ask: () =>
      askFor(
        "Settle outside of Stripe",
        "For a payment that Stripe can't refund, once you have paid the customer back. The order is closed without a refund.",
        "How and why, for other operators",
        "Settle",
      ),
    run: (api, order, reason) => api.settle(order.order_id, reason),
  },
  fulfil: {
    label: "Fulfil ...",
    class: "primary",
    done: (order) => (isAuthorized(order) ? "The fulfilment is accepted." : "The order is fulfilled."),
    ask: (order) =>
      fillIn(
        "Hand the goods over",
        isAuthorized(order)
          ? "The payment is captured first: keep the goods until the order is fulfilled. From now on the customer can't cancel it."
          : "From now on the customer can't cancel the order. They get a mail with what you fill in.",
        [
          { name: "carrier", label: "Carrier" },
          { name: "tracking_number", label: "Tracking number" },
        ],
        "Fulfil",
      ),
    run: (api, order, delivery) => api.fulfil(order.order_id, delivery),
  },
  refund: {
    label: "Refund a part ...",
    done: "The refund is accepted.",
    ask: (order) =>
      fillIn(
        "Refund a part of the order",
        "Units at their price, or an amount such as the shipping. The customer gets a mail without the reason.",
        refundFields(order),
        "Refund",
        (given) => readRefund(order, given),
      ),
    run: (api, order, given) => api.refund(order.order_id, readRefund(order, given).request),
  },
  takeBack: {
    label: "Take back ...",
    class: "danger",
    done: "The return is accepted.",
    ask: () =>
      confirm(
        "Have the goods come back?",
        "The payment is refunded, except what was refunded before, and the stock is returned.",
        "Take the goods back",
      ),
    run: (api, order) => api.cancel(order.order_id),
  },
  cancel: {
    label: "Cancel ...",
    class: "danger",
    done: "The cancellation is accepted.",
    ask: (order) =>
      confirm(
        "Cancel this order?",
        order.status === "CONFIRMED"
          ? `The payment is ${isAuthorized(order) ? "released" : "refunded"}, and the stock is returned.`
          : "The saga stops before the pivot and undoes what it has done.",
        "Cancel the order",
      ),
    run: (api, order) => api.cancel(order.order_id),
  },
};

/** Let the user choose a sample order and place it. Returns the order, or null if the user goes back. */
export async function placeSample(api) {
  const chosen = await choose("Place a sample order", "Test cards only; nothing is charged.", SAMPLES);
  if (!chosen) return null;
  const key = crypto.randomUUID(); // one intent, one key: a repeated request places no second order
  try {
    return await api.place(chosen.submission, key);
  } catch (problem) {
    if (problem instanceof Problem && problem.status !== 0 && problem.status !== 503) throw problem;
    return await api.place(chosen.submission, key);
  }
}
