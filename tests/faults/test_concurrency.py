"""Many orders at once: exactly the stock is sold, and contention fails no order.

`make faults` runs the same with more orders, and more of them at a time.
"""

from local.world import World
from proof.fault_campaign.crowds import orders_that_cross, rush_for_one_sku

AT_A_TIME = 8


def test_orders_for_one_sku_sell_exactly_its_units(world: World) -> None:
    crowd = rush_for_one_sku(world, orders=24, units=10, at_a_time=AT_A_TIME)

    assert crowd.breaches == []
    assert crowd.ends == {"CONFIRMED": 10, "FAILED out_of_stock": 14}


def test_orders_for_the_same_skus_in_opposite_order_all_succeed(world: World) -> None:
    crowd = orders_that_cross(world, orders=8, at_a_time=AT_A_TIME)

    assert crowd.breaches == []
    assert crowd.ends == {"CONFIRMED": 8}
    assert crowd.conflicts > 0  # otherwise the test shows nothing
