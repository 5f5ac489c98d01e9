"""The port to the mail service."""

from typing import Protocol

from lambdas.shared.mail.letter import Letter


class Mailer(Protocol):
    """The port to the mail service. `SesMailer` implements it."""

    def send(self, to: str, letter: Letter) -> None:
        """Send a letter, as text and as HTML.

        Raises:
            MailUnavailable: The mail was not accepted this time.
            MailRejected: The mail will never be accepted.
        """
