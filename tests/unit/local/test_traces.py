"""Records of DynamoDB as plain Python."""

from local.traces import deserialized


def test_an_item_of_dynamodb_becomes_plain_python() -> None:
    item = {"sku": {"S": "RED-CHAIR"}, "tags": {"L": [{"S": "red"}]}}
    assert deserialized(item) == {"sku": "RED-CHAIR", "tags": ["red"]}
