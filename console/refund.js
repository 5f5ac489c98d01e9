// What an operator fills in to refund a part of an order: the fields, and the request that they stand for.

import { minorUnits, money } from "./format.js";

const COUNTS = new Set(["requested", "refund_pending", "refunded"]);
const isUnits = (name) => name.startsWith("units of ");

/** The fields of the dialog; see `fillIn`. */
export function refundFields(order) {
  const { currency } = order;
  return [
    ...order.items.map(({ sku, quantity, unit_price: price }) => {
      const left = quantity - refundedUnits(order, sku);
      const label = `${sku}, units (${left} left, ${money(price, currency)} each)`;
      return { name: `units of ${sku}`, label, type: "number", min: "0", max: String(left), step: "1" };
    }),
    {
      name: "amount",
      label: `Or an amount in ${currency.toUpperCase()}, such as ${example(currency)}`,
      inputmode: "decimal",
    },
    { name: "restock", label: "Put the units back into stock", type: "checkbox" },
    { name: "reason", label: "Why, for other operators", required: true, maxlength: "500" },
  ];
}

/** The request that the fields stand for, with what it does in a sentence; or the problem that is left. */
export function readRefund(order, given) {
  const items = order.items
    .map(({ sku }) => ({ sku, quantity: Number(given[`units of ${sku}`] ?? 0) }))
    .filter(({ quantity }) => quantity > 0);
  const text = given.amount;
  if (items.length > 0 && text) return { problem: "Fill in units or an amount, not both." };
  if (items.length === 0 && !text) {
    return { problem: Object.keys(given).some(isUnits) ? "No unit is refunded." : "Fill in units or an amount." };
  }
  const amount = text ? minorUnits(text, order.currency) : priceOf(order, items);
  if (text && !amount) {
    const code = order.currency.toUpperCase();
    return { problem: `"${text}" is not an amount in ${code}: write it like ${example(order.currency)}.` };
  }
  if (text && given.restock) return { problem: "An amount has no units to put back into stock." };
  const restock = Boolean(given.restock);
  const what = items.map(({ sku, quantity }) => `${quantity} × ${sku}`).join(", ");
  return {
    request: { ...(text ? { amount } : { items }), restock, reason: given.reason ?? "" },
    text: [`Refunds ${money(amount, order.currency)}`, what, restock && "back into stock"].filter(Boolean).join(", "),
  };
}

const example = (currency) => money(1250, currency).split(" ")[0];

const priceOf = (order, items) =>
  items.reduce((sum, { sku, quantity }) => sum + quantity * order.items.find((item) => item.sku === sku).unit_price, 0);

/** Units of a product that were refunded, or are about to be. */
function refundedUnits(order, sku) {
  const items = (order.refunds ?? []).filter(({ status }) => COUNTS.has(status)).flatMap((refund) => refund.items);
  return items.filter((item) => item.sku === sku).reduce((sum, { quantity }) => sum + quantity, 0);
}
