// Sample orders: products of the embedded run's catalogue, paid with Stripe's test cards.

const sample = (name, description, payment_method, items) => ({
  name,
  description,
  submission: { currency: "usd", items, payment_method },
});

export const SAMPLES = [
  sample("Valid card", "Everything goes well: charged, reserved, confirmed.", "pm_card_visa", [
    { sku: "CRUNCHY-ARMCHAIR", quantity: 1 },
    { sku: "TASTELESS-LAMP", quantity: 2 },
  ]),
  sample("Declined card", "The bank declines, and the saga closes the order.", "pm_card_chargeDeclined", [
    { sku: "RED-CHAIR", quantity: 1 },
  ]),
  sample(
    "3-D Secure",
    "The bank asks first. Approve or refuse it on the order's page.",
    "pm_card_authenticationRequired",
    [{ sku: "RED-CHAIR", quantity: 2 }],
  ),
  sample("Sold out", "The stock is checked before any money moves.", "pm_card_visa", [
    { sku: "SOLD-OUT-SOFA", quantity: 1 },
  ]),
];
