"""The users of a run."""

import pytest

from cli.errors import WrongUsage
from lambdas.shared.submission.request import is_email_address
from local.users import CUSTOMER, OPERATOR, OTHER_CUSTOMER
from proof.acceptance.stage_users import address_for, given_users

ALL = {
    "ACCEPT_CUSTOMER": "a@example.com:secret",
    "ACCEPT_OTHER_CUSTOMER": "b@example.com:secret",
    "ACCEPT_OPERATOR": "o@example.com:secret",
}


def test_the_shop_takes_the_addresses_of_new_users() -> None:
    addresses = {address_for("ACCEPT-0A1B2C3D-", name) for name in (CUSTOMER, OTHER_CUSTOMER, OPERATOR)}

    assert len(addresses) == 3
    assert all(map(is_email_address, addresses))


def test_no_user_is_given_by_default() -> None:
    assert given_users({"ACCEPT_CUSTOMER": ""}) == {}


def test_given_users_replace_new_ones() -> None:
    assert given_users(ALL) == {
        CUSTOMER: "a@example.com:secret",
        OTHER_CUSTOMER: "b@example.com:secret",
        OPERATOR: "o@example.com:secret",
    }


@pytest.mark.parametrize("missing", ALL)
def test_some_given_users_are_rejected(missing: str) -> None:
    with pytest.raises(WrongUsage, match=missing):
        given_users(ALL | {missing: ""})
