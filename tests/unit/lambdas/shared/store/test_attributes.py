from lambdas.shared.store.attributes import from_attributes, to_attributes


def test_nested_integers_stay_integers() -> None:
    item = {"amount": 75_800, "items": [{"sku": "CRUNCHY-ARMCHAIR", "quantity": 2}]}

    read = from_attributes(to_attributes(item))

    assert read == item
    assert [type(value) for value in (read["amount"], read["items"][0]["quantity"])] == [int, int]


def test_booleans_text_and_none_are_read_as_they_were_written() -> None:
    item = {"stock_taken": False, "status": "PENDING", "unit_price": None, "payment": {"status": "succeeded"}}

    assert from_attributes(to_attributes(item)) == item
