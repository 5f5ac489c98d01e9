// What happened around the saga: money, stock, mails and events.

import { h } from "./dom.js";
import { inWords, money, sentence, timeOfDay } from "./format.js";
import { card, lines, quiet, when } from "./parts.js";

export function aroundSaga(effects) {
  return h(
    "section.around",
    { "aria-label": "Around the saga" },
    moneyCard(effects.money),
    card(
      "Stock",
      lines(effects.stock, (line) => [`${line.quantity} × ${line.sku}`, line.held ? "held" : "not held"]),
    ),
    card(
      "Mails",
      lines(effects.mails, (mail) => [inWords(mail.event), when(timeOfDay(mail.at))]),
    ),
    card("Events", lines(effects.events, eventLine)),
  );
}

function moneyCard(paid) {
  const moved = [
    ...paid.charges.map((charge) => ({ ...charge, what: "Charge" })),
    ...paid.refunds.map((refund) => ({
      ...refund,
      what: refund.by === "outside" ? "Refund outside of the saga" : "Refund",
    })),
  ];
  return card(
    "Money",
    h(
      "p",
      "Held now: ",
      h("strong", money(paid.held, paid.currency)),
      paid.source === "record" && h("span.quiet", " (from the order's record)"),
    ),
    moved.length > 0 &&
      lines(moved, (each) => [
        `${each.what} ${sentence(each.status).toLowerCase()}`,
        money(each.amount, paid.currency),
      ]),
    paid.dispute && h("p.failure", `Dispute: ${paid.dispute}`),
    paid.intent_id && h("p.quiet.id", paid.intent_id),
    quiet("Stripe's fees are not known here."),
  );
}

function eventLine(event) {
  const readers = event.consumers.map((consumer) =>
    h("small", `read by ${consumer.name}`, consumer.at && `, ${timeOfDay(consumer.at)}`),
  );
  return [[event.type, readers], when(timeOfDay(event.occurred_at))];
}
