"""Amazon SES: the permission to send mail, and the events that report what becomes of it."""

from aws_cdk import aws_events as events
from aws_cdk import aws_iam as iam
from aws_cdk import aws_ses as ses
from constructs import Construct

from lambdas.domain.vocabulary import MailFeedback
from stacks.constructs.event_consumers import Subscription
from stacks.constructs.grant import Grant
from stacks.settings import StageSettings


class MailConfiguration(ses.ConfigurationSet):
    """The configuration set of the stage: SES reports bounces and complaints of its mails on the default bus.

    SES supports no other bus (`AWS::SES::ConfigurationSetEventDestination EventBridgeDestination` in
    CloudFormation's reference, November 2026). The embedded AWS stores the destination and reports nothing.
    """

    def __init__(self, scope: Construct, settings: StageSettings) -> None:
        super().__init__(scope, "Mail", configuration_set_name=_name(settings))
        self.add_event_destination(
            "Feedback",
            destination=ses.EventDestination.event_bus(
                events.EventBus.from_event_bus_name(self, "DefaultBus", "default")
            ),
            events=[ses.EmailSendingEvent.BOUNCE, ses.EmailSendingEvent.COMPLAINT],
        )


def send_mail(settings: StageSettings) -> Grant:
    """Send mail from the shop's address, with the configuration set of the stage."""
    statement = iam.PolicyStatement(actions=["ses:SendEmail"], resources=["*"])
    if not settings.embedded:  # the embedded AWS does not know the key `ses:FromAddress`
        statement.add_condition("StringEquals", {"ses:FromAddress": settings.sender_email})
    return Grant(
        {"SENDER_EMAIL": settings.sender_email, "CONFIGURATION_SET": _name(settings)},
        [statement],
        {
            "AwsSolutions-IAM5[Resource::*]": "SES checks the permission on recipients' identities, too;"
            " the condition limits it to the sender's address."
        },
    )


def mail_feedback(settings: StageSettings) -> Subscription:
    """Receive the events that SES sends about mails of the stage.

    The addresses in such an event stay out of the queues and the logs.
    """
    return Subscription(
        events.EventPattern(
            source=["aws.ses"],
            detail_type=[feedback.detail_type for feedback in MailFeedback],
            detail={"mail": {"tags": {"ses:configuration-set": [_name(settings)]}}},
        ),
        message=events.RuleTargetInput.from_object(
            {
                "event_id": events.EventField.event_id,
                "detail_type": events.EventField.detail_type,
                "order_ids": events.EventField.from_path("$.detail.mail.tags.order_id"),
            }
        ),
    )


def _name(settings: StageSettings) -> str:
    return f"orders-{settings.stage}"
