// Calls the REST API, which is all that the page reads.

/** A request that was refused or got no response: `kind` is the last part of a problem document's type. */
export class Problem extends Error {
  constructor(status, body) {
    super(body.title ?? `The API returned ${status}`);
    this.status = status;
    this.kind = (body.type ?? "").split(":").pop();
    this.detail = body.detail ?? "";
    this.errors = body.errors ?? [];
    this.requestId = body.instance ?? null;
  }
}

export class Api {
  /**
   * @param config The page's configuration, `config.json`.
   * @param users Signed-in users. The page reads as an operator if there is one; orders are placed by a customer.
   */
  constructor(config, users) {
    this.config = config;
    this.operator = users.find((user) => user.role === "operator") ?? null;
    this.customer = users.find((user) => user.role === "customer") ?? null;
    this.reader = this.operator ?? this.customer;
  }

  orders({ status, reference, limit, cursor }) {
    const query = new URLSearchParams({ limit });
    if (status) query.set("status", status);
    if (reference) query.set("reference", reference);
    if (cursor) query.set("cursor", cursor);
    return this.#send("GET", `${this.config.api}/orders?${query}`);
  }

  order = (id) => this.#send("GET", this.#path(id));
  executions = (id) => this.#send("GET", `${this.#path(id)}/executions`);
  effects = (id) => this.#send("GET", `${this.#path(id)}/effects`);
  story = (id) => this.#send("GET", `${this.#path(id)}/story`);

  cancel = (id) => this.#send("POST", `${this.#path(id)}/cancel`);
  fulfil = (id, delivery) => this.#send("POST", `${this.#path(id)}/fulfil`, { body: delivery });
  refund(id, refund) {
    const headers = { "Idempotency-Key": crypto.randomUUID() };
    return this.#send("POST", `${this.#path(id)}/refunds`, { body: refund, headers });
  }

  retry = (id) => this.#send("POST", `${this.#path(id)}/retry`);
  settle = (id, reason) => this.#send("POST", `${this.#path(id)}/settle`, { body: { reason } });

  place(submission, key) {
    const headers = { "Idempotency-Key": key };
    return this.#send("POST", `${this.config.api}/orders`, { user: this.customer, body: submission, headers });
  }

  /** Approve or refuse a payment at the bank of the Stripe stand-in. */
  answerBank(intentId, answer) {
    return this.#send("POST", `${this.config.bank}/${encodeURIComponent(intentId)}/${answer}`);
  }

  #path = (id) => `${this.config.api}/orders/${encodeURIComponent(id)}`;

  async #send(method, url, { user = this.reader, body, headers = {} } = {}) {
    const sent = { ...headers, Authorization: `Bearer ${await user.token()}` };
    if (body) sent["Content-Type"] = "application/json";
    let response;
    try {
      response = await fetch(url, { method, headers: sent, body: body && JSON.stringify(body), cache: "no-store" });
    } catch {
      throw new Problem(0, {
        title: "No response",
        detail: "The API can't be reached. Nothing is known of the request.",
      });
    }
    const document = await response.json().catch(() => ({}));
    if (!response.ok) throw new Problem(response.status, document);
    return document;
  }
}
