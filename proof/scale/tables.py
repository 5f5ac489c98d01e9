"""Markdown tables about scale: for docs/scale.md, and for `python -m proof scale`."""

from collections.abc import Iterable, Sequence
from itertools import pairwise

from proof.scale.limits import ACCOUNTS, NEW, RATES, USUAL, Account, Limit, broken, limits_of
from proof.scale.sales import played


def limit_table() -> str:
    """Where each limit breaks: its quota and the orders a second that it allows, for each account."""
    quotas = {account.name: {limit.name: limit for limit in limits_of(account)} for account in ACCOUNTS}
    rows = [
        (
            _linked(limit),
            f"{limit.used:g}",
            *(_allowed(quotas[account.name][limit.name]) for account in ACCOUNTS),
        )
        for limit in limits_of(USUAL)
    ]
    return _table(("Limit", "One order uses", *(account.name for account in ACCOUNTS)), rows)


def rate_table() -> str:
    """What breaks at each rate, and has not broken at the one before it."""
    rows = [
        (f"{rate:,}", *(_names(_newly_broken(account, rate, before)) for account in (NEW, USUAL)))
        for before, rate in pairwise((0, *RATES))
    ]
    return _table(("Orders a second", NEW.name, USUAL.name), rows)


def remedy_table() -> str:
    """What to do about each limit, in the order in which they break."""
    by_remedy = dict[str, list[str]]()
    for limit in limits_of(USUAL):
        by_remedy.setdefault(limit.remedy, []).append(limit.name)
    return _table(("Limit", "What to do"), [("; ".join(names), what) for what, names in by_remedy.items()])


def sale_table() -> str:
    """How each flash sale goes."""
    rows = [
        (
            name,
            f"{result.percentile(50):,.0f} s",
            f"{result.last_confirmed_at:,.0f} s",
            f"{result.waited:,}",
            f"{result.most_charges_in_a_second}",
            f"{result.transitions:.1f}",
            f"{result.not_mailed:,}",
            f"{result.undone:,}",
        )
        for name, result in played()
    ]
    head = (
        *("Sale", "Half of the orders are confirmed within", "Last order", "Orders in `WaitForSlot`"),
        *("Most charges in a second", "Transitions an order", "Mails given up", "Orders undone"),
    )
    return _table(head, rows)


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _linked(limit: Limit) -> str:
    return f"[{limit.name}]({limit.source})" if limit.source else limit.name


def _allowed(limit: Limit) -> str:
    digits = ".2g" if limit.orders < 1 else ",.0f"
    return f"{limit.quota:,g} → {limit.orders:{digits}}"


def _newly_broken(account: Account, rate: float, before: float) -> list[Limit]:
    known = {limit.name for limit in broken(account, before)}
    return [limit for limit in broken(account, rate) if limit.name not in known]


def _names(limits: Sequence[Limit]) -> str:
    return "; ".join(limit.name for limit in limits) or "nothing more"
