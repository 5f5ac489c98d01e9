"""Sends mail through Amazon SES."""

from typing import TYPE_CHECKING

from botocore.exceptions import ClientError
from typing_extensions import override

from lambdas.domain.errors import MailRejected, MailUnavailable
from lambdas.saga.notify_customer.logic import Mailer
from lambdas.shared.aws import error_code, ses, transient_as
from lambdas.shared.settings import Settings

if TYPE_CHECKING:
    from mypy_boto3_sesv2 import SESV2Client


class SesMailer(Mailer):
    """Sends mail through Amazon SES."""

    def __init__(self, client: "SESV2Client", sender: str) -> None:
        self._client = client
        self._sender = sender

    @classmethod
    def from_settings(cls, settings: Settings) -> "SesMailer":
        """Send from the identity that the environment names."""
        return cls(ses(), settings.sender_email)

    @override
    def send(self, to: str, subject: str, text: str) -> None:
        try:
            with transient_as(MailUnavailable):
                self._client.send_email(
                    FromEmailAddress=self._sender,
                    Destination={"ToAddresses": [to]},
                    Content={"Simple": {"Subject": {"Data": subject}, "Body": {"Text": {"Data": text}}}},
                )
        except ClientError as error:
            # SES's own message can contain the customer's address: keep it out of the logs and the history.
            raise MailRejected(f"SES returned {error_code(error)}") from None
