"""The tables and plots of docs/performance.md show what was measured."""

from docgen.times import bytecode_sentence, cold_start_table, cpu_table, latency_table, throughput_table
from proof.bench.cold_start import ColdStart, ColdStarts, Package
from proof.bench.cpu_use import EMULATOR, PROXY
from proof.bench.latency import Latency
from proof.bench.plots import cold_starts_plot, latency_plot, throughput_plot
from proof.bench.spread import Spread
from proof.bench.throughput import Load, Throughput

SAGA, EMPTY = Spread(150.4, 210.0, 250.0), Spread(50.0, 60.0, 70.0)
LATENCY = Latency(
    orders=60,
    accepted=SAGA,
    started=SAGA,
    states={"ValidateOrder": SAGA},
    floor_states={"ValidateOrder": EMPTY},
    execution=SAGA,
    floor_execution=EMPTY,
    confirmed=SAGA,
    cpu_ms={EMULATOR: 100.0, "charge_payment": 12.3, "submit_order": 4.0},
    functions_cpu_ms=16.3,
    own_share=0.05,
)
THROUGHPUT = Throughput(
    [
        Load(
            in_flight=4,
            seconds=8.0,
            orders=48,
            orders_per_second=6.0,
            retries=1,
            workers_started=0,
            cpu_ms={EMULATOR: 100.0, "charge_payment": 20.0, PROXY: 30.0},
            busy_cores=1.9,
            floor_per_second=20.0,
            floor_cpu_ms=40.0,
        )
    ]
)
STARTS = ColdStarts(
    functions={
        "get_order": ColdStart(("boto3",), cpu_ms=200.0, sdks_cpu_ms=190.0, memory_mb=38.0),
        "charge_payment": ColdStart(("boto3", "stripe"), cpu_ms=330.0, sdks_cpu_ms=300.0, memory_mb=46.0),
    },
    compiled_again_ms=900.0,
    asset=Package(0.4, 0.2),
    layer=Package(24.9, 6.5),
)


def test_a_state_stands_beside_its_floor() -> None:
    assert "| `ValidateOrder` | 150 | 210 | 250 | 50 | 60 | 70 |" in latency_table(LATENCY).splitlines()


def test_only_functions_are_in_the_table_of_their_cpu_time() -> None:
    assert cpu_table(LATENCY).splitlines()[2:] == [
        "| `charge_payment` | 12.3 |",
        "| `submit_order` | 4.0 |",
        "| **together** (target: 80) | **16** |",
        "| share of the median time to `OrderConfirmed` (target: 10 %) | 5.0% |",
    ]


def test_the_cpu_time_of_an_order_is_split_by_who_needs_it() -> None:
    assert throughput_table(THROUGHPUT).splitlines()[-1] == "| 4 | 6.0 | 20.0 | 20 | 100 | 30 | 1.9 | 1 | 0 |"


def test_the_slowest_start_comes_first_with_its_ratio() -> None:
    assert cold_start_table(STARTS).splitlines()[2:] == [
        "| `charge_payment` | 330 | 300 | 1.10 | 46 |",
        "| `get_order` | 200 | 190 | 1.05 | 38 |",
    ]


def test_the_same_numbers_give_the_same_plots() -> None:
    first, second = (
        [latency_plot(LATENCY), throughput_plot(THROUGHPUT), cold_starts_plot(STARTS)] for _ in range(2)
    )

    assert first == second
    assert all(plot.startswith("<?xml") for plot in first)
    assert "ValidateOrder" in first[0]


def test_a_start_without_bytecode_stands_beside_the_usual_one() -> None:
    assert "900 ms of CPU instead of 330 ms" in bytecode_sentence(STARTS)
