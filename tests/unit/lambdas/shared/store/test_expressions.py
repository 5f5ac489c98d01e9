from boto3.dynamodb.conditions import Attr, Key

from lambdas.shared.store.expressions import Update, condition_parameters, key_condition_parameters


def test_an_update_has_a_placeholder_for_every_name_and_value() -> None:
    update = Update(
        Attr("payment.status").eq("succeeded"),
        set={"payment.status": "refunded"},
        add={"version": 1},
        append={"timeline": ["PaymentRefunded"]},
        remove=("unsettled_shard", "task_token"),
    )

    request = update.request("orders", order_id="o-1")

    assert (request["TableName"], request["Key"]) == ("orders", {"order_id": {"S": "o-1"}})
    assert request["ConditionExpression"] == "#n0.#n1 = :v0"
    assert request["UpdateExpression"] == (
        "SET #u2.#u3 = :u1, #u4 = list_append(#u5, :u2) ADD #u6 :u3 REMOVE #u7, #u8"
    )
    names = "payment status payment status timeline timeline version unsettled_shard task_token"
    assert [*request["ExpressionAttributeNames"].values()] == names.split()
    assert request["ExpressionAttributeValues"] == {
        ":v0": {"S": "succeeded"},
        ":u1": {"S": "refunded"},
        ":u2": {"L": [{"S": "PaymentRefunded"}]},
        ":u3": {"N": "1"},
    }


def test_a_condition_without_values_has_no_map_of_values() -> None:
    assert condition_parameters(Attr("order_id").not_exists()) == {
        "ConditionExpression": "attribute_not_exists(#n0)",
        "ExpressionAttributeNames": {"#n0": "order_id"},
    }


def test_a_query_finds_items_by_a_condition_on_their_keys() -> None:
    assert key_condition_parameters(Key("day").eq("2026-03-01") & Key("created_at").lt("2026-03-02")) == {
        "KeyConditionExpression": "(#n0 = :v0 AND #n1 < :v1)",
        "ExpressionAttributeNames": {"#n0": "day", "#n1": "created_at"},
        "ExpressionAttributeValues": {":v0": {"S": "2026-03-01"}, ":v1": {"S": "2026-03-02"}},
    }
