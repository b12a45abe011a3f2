"""The history of days long past: what is left of it says the same of the end of each day."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from disk import START, fill, index, query
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import create_engine, insert, select

from latteboard.campaign import Campaign
from latteboard.catalog.tables.schema import history, metadata, run
from latteboard.catalog.updating.history import KEPT_DAYS, KEY, thin_history
from latteboard.times import DAY_NS

HOUR = DAY_NS // 24
NOW = 1000 * DAY_NS + 5 * HOUR
FIRST_KEPT = 1000 - KEPT_DAYS  # the first day of which everything stays
KEYS = [("A", "a", "prop", "done"), ("A", "a", "prop", "ready"), (None, None, "joined", "done")]


def thinned(changes: list[tuple[int, int, int]]) -> tuple[list[Any], list[Any]]:
    """Write runs at hours before NOW, each with a key that changed to a number; the history before and after thinning."""
    engine = create_engine("sqlite://")
    metadata.create_all(engine, [run, history])
    hours = sorted({hour for hour, _, _ in changes}, reverse=True)
    numbers = dict.fromkeys(("seconds", "expected", "found", "strays", "changed", "unreadable"), 0)
    with engine.begin() as connection:
        for number, hour in enumerate(hours, start=1):
            connection.execute(insert(run).values(id=number, started=NOW - hour * HOUR, look="fast", **numbers))
            for key, value in {key: value for at, key, value in changes if at == hour}.items():
                named = dict(zip(KEY, KEYS[key], strict=True))
                connection.execute(insert(history).values(run=number, number=value, bytes=10 * value, **named))
        told = select(run.c.started, history).join(run, run.c.id == history.c.run).order_by(run.c.id)
        before = connection.execute(told).mappings().all()
        thin_history(connection, NOW)
        after = connection.execute(told).mappings().all()
    return [dict(row) for row in before], [dict(row) for row in after]


def at_the_end_of(day: int, rows: list[Any]) -> dict[Any, int]:
    """What each key counted when a day ended."""
    return {tuple(row[name] for name in KEY): row["number"] for row in rows if row["started"] < (day + 1) * DAY_NS}


CHANGES = st.lists(
    st.tuples(st.integers(0, 24 * (KEPT_DAYS + 7)), st.integers(0, 2), st.integers(0, 9)), min_size=1, max_size=60
)


@given(CHANGES)
@settings(deadline=None)
def test_of_each_old_day_the_end_stays_and_of_later_days_everything(changes: list[tuple[int, int, int]]) -> None:
    before, after = thinned(changes)
    for day in range(1000 - KEPT_DAYS - 8, 1001):
        assert at_the_end_of(day, after) == at_the_end_of(day, before)
    assert all(row in before for row in after)
    assert [row for row in before if row["started"] >= FIRST_KEPT * DAY_NS] == [
        row for row in after if row["started"] >= FIRST_KEPT * DAY_NS
    ]
    old = [
        (row["started"] // DAY_NS, *(row[name] for name in KEY))
        for row in after
        if row["started"] < FIRST_KEPT * DAY_NS
    ]
    looked_at = [one for one in old if one[0] >= FIRST_KEPT - 7]
    assert len(set(looked_at)) == len(looked_at)


def test_a_month_of_hourly_changes_is_one_row_a_day_once_it_is_old() -> None:
    _, after = thinned([(hour, 0, hour % 10) for hour in range(24 * (KEPT_DAYS + 6))])
    old = [row for row in after if row["started"] < FIRST_KEPT * DAY_NS]
    assert len(old) == 6
    assert all((row["started"] // HOUR + 1) % 24 == 0 for row in old)  # each the last hour of its day


def test_an_index_thins_the_history_of_earlier_ones(read_campaign: Callable[..., Campaign], tmp_path: Path) -> None:
    campaign = read_campaign()
    fill(campaign, "cfg")
    first = START // DAY_NS * DAY_NS
    for hour in range(4):
        for path in sorted((campaign.root / "A_a" / "cfg").iterdir())[: hour % 2]:
            path.rename(path.with_suffix(".away"))
        index(campaign, at=first + hour * HOUR)
        for path in (campaign.root / "A_a" / "cfg").glob("*.away"):
            path.rename(path.with_suffix(".lime"))
    rows = "select count(*) from history where kind = 'cfg' and stream = 'a' and ensemble = 'A' and status = 'done'"
    many = query(campaign, rows)[0][0]
    index(campaign, at=first + (KEPT_DAYS + 2) * DAY_NS)
    assert query(campaign, rows)[0][0] < many
    assert len(query(campaign, "select * from run")) == 5
