"""The table of the mixtures."""

from proof.rolling.mixture import Direction, Mixture, MixtureResult, UnderWay
from proof.rolling.report import MixtureReport

UPGRADE = Mixture("happy", Direction.UPGRADE)


def reported(*results: MixtureResult) -> MixtureReport:
    report = MixtureReport()
    for result in results:
        report.add(result)
    return report


def test_places_are_in_the_order_of_the_definition() -> None:
    places = ["CONFIRMED at rest", "NotifyCustomer", "ValidateOrder"]

    rows = reported(MixtureResult(UPGRADE, places, [])).table().splitlines()[2:]

    assert [row.split(" | ")[0].strip("| ") for row in rows] == places[::-1]


def test_a_cell_says_what_was_violated_and_what_only_the_reconciliation_mended() -> None:
    stopped = Mixture("happy", Direction.UPGRADE, under_way=UnderWay.STOPPED)
    report = reported(
        MixtureResult(UPGRADE, ["ValidateOrder"], []),
        MixtureResult(UPGRADE, ["ValidateOrder"], ["a law is broken"]),
        MixtureResult(stopped, ["ValidateOrder"], [], was_reconciled=True),
    )

    row = report.table().splitlines()[-1]

    assert row.startswith("| ValidateOrder | 2, 1 VIOLATED |  | 1, 1 by reconciliation |")
    assert report.broken.total() == 1


def test_what_is_not_promised_is_counted_apart() -> None:
    rollback = Mixture("captured-late", Direction.ROLLBACK, promised=False)

    report = reported(MixtureResult(rollback, ["CapturePayment"], ["a law is broken"]))

    assert (report.broken.total(), report.not_promised, report.not_kept) == (0, 1, 1)
    assert "CapturePayment" not in report.table()
