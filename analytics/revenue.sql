-- Revenue of each day, by currency, in minor units such as cents. Money that is given back counts on the day of the
-- event that says so: the order was cancelled or failed, lines of it were refunded, or its payment was refunded outside
-- of the saga or disputed. A refund of lines that the bank returns is received again.
WITH events AS (
    SELECT DISTINCT  -- an event can be delivered more than once
        detail.event_id AS event_id,
        detail.order_id AS order_id,
        detail.currency AS currency,
        -- Events of earlier versions of the service have none, unless they were published again.
        coalesce(max(detail.order_version) OVER (PARTITION BY detail.event_id), 0) AS order_version,
        detail.occurred_at AS occurred_at,
        detail.status = 'CONFIRMED' AND NOT coalesce(detail.payment.disputed, false) AS has_money,
        detail.amount - coalesce(detail.payment.refunded_outside, 0) AS amount,
        detail.refund.refund_id AS refund_id,
        CASE  -- the bank returned it, so nothing is refunded
            WHEN detail_type = 'OrderLineRefundReturned' THEN 0
            ELSE coalesce(detail.refund.amount, 0)
        END AS refunded
    FROM order_events
    WHERE detail.status <> 'NEEDS_ATTENTION'  -- its money is not given back yet
),

refunds AS (
    SELECT
        *,
        -- A refund of lines can be made, returned, and then succeed after all: what each event changes.
        refunded
        - coalesce(lag(refunded) OVER (PARTITION BY order_id, refund_id ORDER BY order_version), 0) AS refunded_lines
    FROM events
),

balances AS (
    SELECT
        *,
        CASE
            WHEN has_money
                THEN amount - sum(refunded_lines) OVER (PARTITION BY order_id ORDER BY order_version)
            ELSE 0
        END AS kept
    FROM refunds
),

changes AS (
    SELECT
        substr(occurred_at, 1, 10) AS day,
        currency,
        kept
        - coalesce(lag(kept) OVER (PARTITION BY order_id ORDER BY order_version, occurred_at), 0) AS change
    FROM balances
)

SELECT
    day,
    currency,
    sum(greatest(change, 0)) AS received,
    sum(least(change, 0)) AS given_back,
    sum(change) AS revenue
FROM changes
WHERE change <> 0
GROUP BY day, currency
ORDER BY day DESC, currency
