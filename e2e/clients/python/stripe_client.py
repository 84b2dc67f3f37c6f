"""Creates payments with Stripe's client, which makes the keys itself, bare, and repeats what fails."""

import stripe

from lines import serve


def answer(call):
    client = stripe.StripeClient(
        "sk_test_treaty",
        base_addresses={"api": f"http://{call['address']}"},
        max_network_retries=call["retries"],
        http_client=stripe.RequestsClient(timeout=call["timeout_ms"] / 1000),
    )
    try:
        intent = client.v1.payment_intents.create({"amount": call["amount"], "currency": "eur"})
    except stripe.StripeError as failure:
        return {"failure": type(failure).__name__, "status": failure.http_status}
    headers = intent.last_response.headers
    return {"id": intent.id, "amount": intent.amount, "headers": dict(headers.lower_items())}


serve(answer)
