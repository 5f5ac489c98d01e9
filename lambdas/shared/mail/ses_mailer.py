"""Sends mail through Amazon SES."""

from typing import TYPE_CHECKING, Final

from botocore.exceptions import ClientError
from typing_extensions import override

from lambdas.domain.errors import MailRejected, MailUnavailable
from lambdas.domain.vocabulary import MailOutcome, Metric
from lambdas.shared.aws import error_code, ses, transient_as
from lambdas.shared.log import logger
from lambdas.shared.mail.html_part import html_part
from lambdas.shared.mail.letter import Letter
from lambdas.shared.mail.mailer import Mailer
from lambdas.shared.mail.text_part import text_part
from lambdas.shared.metrics import Measure, emit
from lambdas.shared.settings import Settings

if TYPE_CHECKING:
    from mypy_boto3_sesv2 import SESV2Client
    from mypy_boto3_sesv2.type_defs import ContentTypeDef

SENDING_SECONDS: Final = 12
"""Longer than a call to SES: for the lock that keeps two attempts from sending the same mail (`run_once`)."""

_MAY_BE_ABOUT_THE_MESSAGE: Final = frozenset({"BadRequestException", "MessageRejected"})
"""All other errors of `SendEmail` are about the account, the sender, the permission or SES itself
(https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_SendEmail.html, November 2026)."""

_ABOUT_THE_ACCOUNT: Final = ("not verified", "paused", "suspended")
"""Words of a `MessageRejected` that is about the account: its sender, or a recipient in the SES sandbox, is
not verified, or the account may not send
(https://docs.aws.amazon.com/ses/latest/dg/troubleshoot-error-messages.html, November 2026)."""


class SesMailer(Mailer):
    """Sends mail through Amazon SES."""

    def __init__(self, client: "SESV2Client", sender: str, configuration_set: str) -> None:
        self._client = client
        self._sender = sender
        self._configuration_set = configuration_set

    @classmethod
    def from_settings(cls, settings: Settings) -> "SesMailer":
        """Send from the identity that the environment names."""
        return cls(ses(), settings.sender_email, settings.configuration_set)

    @override
    def send(self, to: str, letter: Letter) -> None:
        outcome = MailOutcome.UNAVAILABLE
        try:
            self._send(to, letter)
            outcome = MailOutcome.SENT
        except MailRejected:
            outcome = MailOutcome.REJECTED
            raise
        finally:
            emit(Measure(Metric.MAILS, outcome))
            level = logger.info if outcome is MailOutcome.SENT else logger.warning
            level(f"mail {outcome}", extra={"subject": letter.subject})

    def _send(self, to: str, letter: Letter) -> None:
        try:
            with transient_as(MailUnavailable):
                self._client.send_email(
                    FromEmailAddress=self._sender,
                    ConfigurationSetName=self._configuration_set,
                    # The events of SES have the tag, so they find their order without an address.
                    EmailTags=[{"Name": "order_id", "Value": letter.order_id}],
                    Destination={"ToAddresses": [to]},
                    Content={
                        "Simple": {
                            "Subject": _utf8(letter.subject),
                            "Body": {"Text": _utf8(text_part(letter)), "Html": _utf8(html_part(letter))},
                        }
                    },
                )
        except ClientError as error:
            # SES's own message can contain the customer's address: keep it out of the logs and the history.
            refusal = MailRejected if _is_about_the_message(error) else MailUnavailable
            raise refusal(f"SES returned {error_code(error)}") from None


def _is_about_the_message(error: ClientError) -> bool:
    """Whether SES refuses this message, or its address, and would take another one."""
    message = error.response.get("Error", {}).get("Message", "").lower()
    return error_code(error) in _MAY_BE_ABOUT_THE_MESSAGE and not any(
        words in message for words in _ABOUT_THE_ACCOUNT
    )


def _utf8(text: str) -> "ContentTypeDef":
    """A text with its character set, because SES takes only ASCII without one.

    See https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_Content.html (November 2026).
    """
    return {"Data": text, "Charset": "UTF-8"}
