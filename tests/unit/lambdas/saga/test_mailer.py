import pytest
from botocore.exceptions import ReadTimeoutError
from botocore.stub import Stubber

from lambdas.domain.errors import MailRejected, MailUnavailable
from lambdas.saga.notify_customer.mailer import SesMailer
from lambdas.shared.aws import ses
from lambdas.shared.settings import Settings
from tests.unit.lambdas.builders import EMAIL


def send() -> None:
    SesMailer.from_settings(Settings()).send(EMAIL, "Your order is confirmed", "You paid 758.00 USD.")


def test_a_message_is_sent_from_the_shops_address() -> None:
    with Stubber(ses()) as stub:
        stub.add_response(
            "send_email",
            {"MessageId": "message-1"},
            {
                "FromEmailAddress": "shop@example.com",
                "Destination": {"ToAddresses": [EMAIL]},
                "Content": {
                    "Simple": {
                        "Subject": {"Data": "Your order is confirmed"},
                        "Body": {"Text": {"Data": "You paid 758.00 USD."}},
                    }
                },
            },
        )

        send()

        stub.assert_no_pending_responses()


def test_a_slow_answer_does_not_send_the_message_again() -> None:
    calls: list[object] = []

    def never_answer(request: object, **_: object) -> None:
        calls.append(request)
        raise ReadTimeoutError(endpoint_url="https://email.eu-central-1.amazonaws.com")

    events = ses().meta.events
    events.register("before-send.sesv2.SendEmail", never_answer)
    with pytest.raises(MailUnavailable, match="ReadTimeoutError"):
        send()
    events.unregister("before-send.sesv2.SendEmail", never_answer)

    assert len(calls) == 1


@pytest.mark.parametrize(
    ("code", "status"),
    [("TooManyRequestsException", 429), ("LimitExceededException", 400), ("InternalFailure", 500)],
)
def test_a_message_that_ses_cannot_take_now_can_be_retried(code: str, status: int) -> None:
    with Stubber(ses()) as stub:
        stub.add_client_error("send_email", code, http_status_code=status)

        with pytest.raises(MailUnavailable):
            send()


@pytest.mark.parametrize(
    "code",
    [
        "AccessDeniedException",
        "AccountSuspendedException",
        "BadRequestException",
        "MailFromDomainNotVerifiedException",
        "MessageRejected",
        "SendingPausedException",
    ],
)
def test_a_rejected_message_is_reported_without_its_address(code: str) -> None:
    with Stubber(ses()) as stub:
        stub.add_client_error("send_email", code, f"Email address is not verified: {EMAIL}")

        with pytest.raises(MailRejected) as caught:
            send()

    assert EMAIL not in str(caught.value)
    assert caught.value.__cause__ is None
