"""The CPU time of a world's processes."""

from proof.bench.cpu_use import EMULATOR, PROXY, CpuUse

USE = CpuUse({"charge_payment": 0.3, EMULATOR: 2.0, "submit_order": 0.1, PROXY: 0.00001}, workers_started=0)


def test_only_workers_count_as_functions() -> None:
    assert round(USE.of_functions, 3) == 0.4


def test_the_time_for_each_order_is_in_milliseconds_the_largest_first() -> None:
    assert list(USE.milliseconds_each(10).items()) == [
        (EMULATOR, 200.0),
        ("charge_payment", 30.0),
        ("submit_order", 10.0),
    ]
