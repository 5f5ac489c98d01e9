from contextlib import suppress

import pytest
from botocore.exceptions import ReadTimeoutError
from botocore.stub import Stubber

from lambdas.domain.errors import MailRejected, MailUnavailable
from lambdas.domain.vocabulary import Metric
from lambdas.shared.aws import ses
from lambdas.shared.mail.html_part import html_part
from lambdas.shared.mail.ses_mailer import SesMailer
from lambdas.shared.mail.text_part import text_part
from lambdas.shared.metrics import Measure
from lambdas.shared.settings import Settings
from tests.unit.lambdas.builders import EMAIL, ORDER_ID
from tests.unit.lambdas.conftest import Log
from tests.unit.lambdas.metrics import Emitted
from tests.unit.lambdas.shared.mail.letters import LETTERS

LETTER = LETTERS["confirmed"]


def send() -> None:
    SesMailer.from_settings(Settings()).send(EMAIL, LETTER)


def utf8(text: str) -> dict[str, str]:
    return {"Data": text, "Charset": "UTF-8"}


def test_a_message_is_sent_from_the_shops_address_and_names_its_order() -> None:
    with Stubber(ses()) as stub:
        stub.add_response(
            "send_email",
            {"MessageId": "message-1"},
            {
                "FromEmailAddress": "shop@example.com",
                "ConfigurationSetName": "orders-local",
                "EmailTags": [{"Name": "order_id", "Value": ORDER_ID}],
                "Destination": {"ToAddresses": [EMAIL]},
                "Content": {
                    "Simple": {
                        "Subject": utf8("Your order is confirmed"),
                        "Body": {"Text": utf8(text_part(LETTER)), "Html": utf8(html_part(LETTER))},
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
    ("code", "message"),
    [
        ("AccessDeniedException", f"User is not authorized to perform ses:SendEmail on {EMAIL}"),
        ("AccountSuspendedException", ""),
        ("ExpiredTokenException", ""),
        ("MailFromDomainNotVerifiedException", ""),
        ("MessageRejected", f"Email address is not verified. The following identities failed: {EMAIL}"),
        ("MessageRejected", "Sending paused for this account."),
        ("MessageRejected", "Sending suspended for this account."),
        ("NotFoundException", "Configuration set orders-prod does not exist."),
        ("SendingPausedException", ""),
    ],
)
def test_a_refusal_of_the_account_can_be_retried(code: str, message: str) -> None:
    with Stubber(ses()) as stub:
        stub.add_client_error("send_email", code, message)

        with pytest.raises(MailUnavailable) as caught:
            send()

    assert EMAIL not in str(caught.value)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("BadRequestException", f"Local address contains control or whitespace: {EMAIL}"),
        ("MessageRejected", f"Message contains invalid content for {EMAIL}"),
    ],
)
def test_a_rejected_message_is_reported_without_its_address(code: str, message: str) -> None:
    with Stubber(ses()) as stub:
        stub.add_client_error("send_email", code, message)

        with pytest.raises(MailRejected) as caught:
            send()

    assert EMAIL not in str(caught.value)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize(
    ("code", "outcome"),
    [(None, "sent"), ("BadRequestException", "rejected"), ("SendingPausedException", "unavailable")],
)
def test_each_attempt_is_counted_and_logged_without_its_address(
    emitted: Emitted, log: Log, code: str | None, outcome: str
) -> None:
    with Stubber(ses()) as stub, suppress(MailRejected, MailUnavailable):
        if code is None:
            stub.add_response("send_email", {"MessageId": "message-1"})
        else:
            stub.add_client_error("send_email", code)
        send()

    assert emitted() == [Measure(Metric.MAILS, outcome)]
    assert [line["message"] for line in log.lines] == [f"mail {outcome}"]
    assert EMAIL not in log.text
