"""Accepts findings of the rule pack AwsSolutions that do not apply here.

The tests run the pack over every stage and fail for each finding that is not accepted.
"""

from aws_cdk import Acknowledgment, Validations
from constructs import IConstruct


def accept(construct: IConstruct, finding: str, reason: str) -> None:
    """Accept a finding on a construct and everything in it; the reason is a sentence."""
    Validations.of(construct).acknowledge(Acknowledgment(id=finding, reason=reason))
