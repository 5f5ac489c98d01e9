"""Sends mail through Amazon SES."""

from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from lambdas.domain.errors import MailRejected, MailUnavailable
from lambdas.shared.aws import error_code, ses, transient_as
from lambdas.shared.settings import Settings

if TYPE_CHECKING:
    from mypy_boto3_sesv2 import SESV2Client


class SesMailer:
    """The mailer that is Amazon SES."""

    def __init__(self, client: "SESV2Client", sender: str) -> None:
        self._client = client
        self._sender = sender

    @classmethod
    def from_settings(cls, settings: Settings) -> "SesMailer":
        """Send from the identity that the environment names."""
        return cls(ses(), settings.sender_email)

    def send(self, to: str, subject: str, text: str) -> None:
        """Send one plain text message.

        Raises:
            MailUnavailable: SES did not take it just now.
            MailRejected: SES will never take it.
        """
        try:
            with transient_as(MailUnavailable):
                self._client.send_email(
                    FromEmailAddress=self._sender,
                    Destination={"ToAddresses": [to]},
                    Content={"Simple": {"Subject": {"Data": subject}, "Body": {"Text": {"Data": text}}}},
                )
        except ClientError as error:
            # SES's own message can bear the customer's address: it stays out of logs and history.
            raise MailRejected(f"SES answers {error_code(error)}") from None
