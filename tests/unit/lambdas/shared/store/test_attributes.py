from lambdas.shared.store.attributes import attribute_names, from_attributes, to_attributes


def test_integers_stay_integers_however_deep_they_lie() -> None:
    item = {"amount": 75_800, "items": [{"sku": "CRUNCHY-ARMCHAIR", "quantity": 2}]}

    read = from_attributes(to_attributes(item))

    assert read == item
    assert [type(value) for value in (read["amount"], read["items"][0]["quantity"])] == [int, int]


def test_truth_text_and_nothing_come_back_as_they_were() -> None:
    item = {"stock_taken": False, "status": "PENDING", "unit_price": None, "payment": {"status": "succeeded"}}

    assert from_attributes(to_attributes(item)) == item


def test_every_placeholder_stands_for_the_attribute_of_its_name() -> None:
    names = attribute_names("SET #payment.#status = :paid", "attribute_not_exists(#failure)")

    assert names == {"#payment": "payment", "#status": "status", "#failure": "failure"}
