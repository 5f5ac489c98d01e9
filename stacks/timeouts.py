"""The timeouts and the memory of the functions. Nothing here needs the CDK, so others can read them, too."""

MEMORY_MB = 512
"""Memory of every function."""

# In the embedded AWS it includes the cold start, which takes seconds when several functions start at once.
_TIMEOUT_SECONDS = 15
_TIMEOUT_SECONDS_OF = {
    "charge_payment": 48,  # it may wait 2 s for its turn, and a confirmation waits for the customer's bank
    "refund_payment": 29,
    "refund_lines": 29,
    "notify_customer": 25,  # a call to SES is not repeated, so it may take long
    "mail_customers": 25,
    "await_payment": 25,
    "expire_payment": 25,
    "receive_stripe_webhook": 25,
    "get_effects": 25,  # these call Stripe
    "get_story": 25,  # it waits for a search of the logs
    "list_executions": 28,  # it begins to read histories for 10 s; API Gateway waits for 29 s
    "import_orders": 60,  # it continues in another call
    "reconcile_orders": 60,
    "reconcile_payments": 60,
    "reconcile_stock": 60,  # these start new work for 10 s and then finish it
}


def function_timeout_seconds(function: str) -> int:
    """Timeout of the function with this name; a state machine that calls it waits a little longer."""
    return _TIMEOUT_SECONDS_OF.get(function, _TIMEOUT_SECONDS)
