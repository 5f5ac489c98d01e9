-- Failure reasons of the last 30 days: the orders that failed or were cancelled, and their price in minor units such
-- as cents. An order that ended before it was priced adds none.
WITH failures AS (
    SELECT DISTINCT  -- an event can be delivered more than once
        detail.order_id AS order_id,
        detail.failure.code AS reason,
        detail.currency AS currency,
        coalesce(detail.amount, 0) AS amount
    FROM order_events
    WHERE
        detail_type IN ('OrderFailed', 'OrderCancelled')
        AND detail.occurred_at >= CAST(CAST(current_date - INTERVAL '30' DAY AS date) AS varchar)
        -- Read the partitions of these days only. An object is in the partition of its oldest event.
        AND arrived_on >= CAST(CAST(current_date - INTERVAL '31' DAY AS date) AS varchar)
)

SELECT
    reason,
    currency,
    count(*) AS orders,
    sum(amount) AS amount
FROM failures
GROUP BY reason, currency
ORDER BY orders DESC, reason, currency
