"""Views of the catalog and of people side by side; sums of bytes beyond what SQLite adds up; names that hold anything."""

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from disk import ENOUGH, SMALL, fill, index, paths_of, put, query, statuses
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection, column, create_engine, literal, select, union_all

from latteboard import Catalog
from latteboard.campaign import Campaign
from latteboard.catalog.dialects.sqlite import GREATEST, quoted_name, quoted_text, sum_bytes
from latteboard.catalog.questions.contents import views
from latteboard.catalog.questions.counts import status_rows
from latteboard.catalog.questions.problems import strays
from latteboard.catalog.questions.unarchived import unarchived_files
from latteboard.errors import CatalogError

Read = Callable[..., Campaign]
RENAMED = SMALL.replace("kinds.prop", "kinds.propagator")


@pytest.fixture
def campaign(read_campaign: Read) -> Campaign:
    campaign = read_campaign(kinds=SMALL)
    fill(campaign, "cfg")
    index(campaign)
    return campaign


def change(campaign: Campaign, *statements: str) -> None:
    """What somebody does with a tool of their own."""
    connection = sqlite3.connect(campaign.catalog)
    with connection:
        for statement in statements:
            connection.execute(statement)
    connection.close()


def names(campaign: Campaign, kind: str) -> set[str]:
    return {name for (name,) in query(campaign, "select name from sqlite_master where type = ?", kind)}


# What people made


MINE = (
    "create view mine as select kind, count(*) as number from missing group by kind",
    "create table notes (text)",
    "create index notes_text on notes (text)",
    "create index prop_size on _prop (size)",
    "create trigger seen after insert on notes begin select 1; end",
)


def test_what_people_made_stays_when_the_campaign_changes(campaign: Campaign, read_campaign: Read) -> None:
    change(campaign, *MINE, "insert into notes values ('kept')")
    own = names(campaign, "view") - {"mine"}
    changed = read_campaign(("configurations = [10, 20]", "configurations = [10]"), kinds=SMALL)
    index(changed)
    assert names(changed, "view") == own | {"mine"}
    assert {"notes_text", "prop_size"} < names(changed, "index")
    assert names(changed, "trigger") == {"seen"}
    assert query(changed, "select text from notes") == [("kept",)]
    expected = query(changed, "select count(*) from prop where status <> 'done'")
    assert query(changed, "select number from mine where kind = 'prop'") == expected


def test_an_index_of_theirs_stays_on_a_table_with_other_coordinates(campaign: Campaign, read_campaign: Read) -> None:
    change(
        campaign,
        "create index prop_size on _prop (size, source)",
        "create trigger t after update on _prop begin select 1; end",
    )
    wider = read_campaign(kinds=SMALL.replace("prop_mq{mq}_{source}", "prop_mq{mq}_{source_set}_{source}"))
    index(wider)
    assert "prop_size" in names(wider, "index")
    assert names(wider, "trigger") == {"t"}
    assert Catalog(wider.catalog)["prop"].count() == len(paths_of(wider, "prop"))


def test_an_index_of_theirs_on_a_coordinate_that_is_gone_is_named_and_nothing_changes(
    campaign: Campaign, read_campaign: Read
) -> None:
    change(campaign, "create index by_source on _prop (source)")
    before = statuses(campaign)
    without = read_campaign(kinds=SMALL.replace("_{source}", "_{source_set}"))
    with pytest.raises(CatalogError, match=r"the index by_source was not made by latteboard.*no such column: source"):
        index(without)
    assert statuses(campaign) == before
    change(campaign, "drop index by_source")
    index(without)


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("create view propagator as select 1", "the view propagator"),
        ("create view Propagator as select 1", "the view Propagator"),
        ("create table propagator (x)", "the table propagator"),
        ("create table _propagator (x)", "the table _propagator"),
        ("create index propagator on _cfg (size)", "the index propagator"),
    ],
)
def test_a_name_that_the_catalog_needs_is_an_error_before_anything_changes(
    campaign: Campaign, read_campaign: Read, statement: str, said: str
) -> None:
    change(campaign, statement)
    before, objects = statuses(campaign), query(campaign, "select * from sqlite_master")
    with pytest.raises(CatalogError, match=f"{said} was not made by latteboard"):
        index(read_campaign(kinds=RENAMED))
    assert statuses(campaign) == before
    assert query(campaign, "select * from sqlite_master") == objects
    index(read_campaign(kinds=SMALL))  # which needs no such name


def test_a_view_that_took_the_place_of_one_of_ours_is_theirs(campaign: Campaign, read_campaign: Read) -> None:
    change(campaign, "drop view work", "create view work as select 'by hand' as path")
    with pytest.raises(CatalogError, match="the view work was not made by latteboard"):
        index(read_campaign(kinds=RENAMED))
    assert query(campaign, "select path from work") == [("by hand",)]


def test_views_of_a_catalog_from_before_they_were_marked_are_replaced(campaign: Campaign, read_campaign: Read) -> None:
    made = query(campaign, "select name, sql from sqlite_master where type = 'view'")
    for name, text in made:
        unmarked = text[: text.index("/*")] + text[text.index("*/") + 2 :]
        change(campaign, f'drop view "{name}"', unmarked)
    change(campaign, MINE[0])
    index(read_campaign(kinds=RENAMED))
    assert names(campaign, "view") == {"mine", *(name for name, _ in made if name != "prop"), "propagator"}


def test_the_dictionary_lists_our_views_alone(campaign: Campaign) -> None:
    change(campaign, "create view broken as select * from nowhere")
    assert [view.name for view in views(Catalog(campaign.catalog))] == [
        *("artifact", "missing", "problems", "progress", "work"),
        *("cfg", "prop"),
    ]


# Sums


@pytest.fixture
def connection() -> Connection:
    return create_engine("sqlite://").connect()


def summed(connection: Connection, numbers: list[int]) -> int | None:
    rows = union_all(*(select(literal(number).label("size")) for number in numbers)).subquery()
    total: int | None = connection.execute(select(sum_bytes(rows.c.size))).scalar_one()
    return total


@given(st.lists(st.integers(0, GREATEST) | st.integers(0, 2**33) | st.just(2**32 - 1), min_size=1, max_size=20))
def test_a_sum_of_bytes_is_exact_up_to_the_greatest_number(numbers: list[int]) -> None:
    with create_engine("sqlite://").connect() as connection:
        assert summed(connection, numbers) == min(sum(numbers), GREATEST)


def test_a_sum_of_nothing_is_none(connection: Connection) -> None:
    nothing = select(literal(1).label("size")).where(column("size") == 0).subquery()
    assert connection.execute(select(sum_bytes(nothing.c.size))).scalar_one() is None
    assert summed(connection, [2**62, 2**62]) == GREATEST


def test_sizes_that_no_number_holds_in_sum_end_no_question(campaign: Campaign) -> None:
    put(campaign, "A_a/cfg/stray", size=ENOUGH)
    put(campaign, "A_a/cfg/stray2", size=ENOUGH)
    index(campaign)
    change(
        campaign,
        f"update _cfg set size = {2**62}",
        f"update stray set size = {2**62}",
        f"update summary set bytes = {2**62}",
    )
    change(campaign, "insert into summary select * from summary")
    catalog = Catalog(campaign.catalog)
    number = query(campaign, "select count(*) from _cfg")[0][0]
    (counted,) = [row for row in status_rows(catalog, ("kind", "configuration")) if row["configuration"] == 10][:1]
    assert counted["bytes"] >= 2**62
    assert status_rows(catalog, ("kind",))[0]["bytes"] == sum(
        row["bytes"] for row in catalog.totals() if row["kind"] == "cfg"
    )
    assert sum(one.number for one in unarchived_files(catalog)) == number
    assert max(one.bytes for one in unarchived_files(catalog)) == GREATEST
    assert [one.bytes for one in strays(catalog)] == [GREATEST]
    assert max(size for (size,) in query(campaign, "select bytes from progress")) == GREATEST


# Names and texts


@given(st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1))
def test_any_name_and_any_text_can_be_written_in_a_statement(name: str) -> None:
    connection = sqlite3.connect(":memory:")
    (row,) = connection.execute(f"select {quoted_text(name)} as {quoted_name(name)}").fetchall()
    connection.close()
    assert row == (name,)


@pytest.mark.parametrize("name", ["c?1.db", "c#1.db", "50%25.db", "file:c.db", ":memory:", "c.db?mode=ro", 'it\'s "x"'])
def test_the_name_of_a_catalog_is_taken_as_it_stands(
    read_campaign: Read, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    campaign = read_campaign(kinds=SMALL)
    fill(campaign)
    folder = campaign.path.parent
    monkeypatch.chdir(folder)
    before = set(folder.iterdir())
    campaign.catalog = name
    index(campaign)
    assert {path.name for path in set(folder.iterdir()) - before} >= {name}
    catalog = Catalog(name)
    assert catalog["cfg"].count() > 0
    catalog.snapshot(Path("copy of " + name))
    assert Catalog("copy of " + name)["cfg"].count() == catalog["cfg"].count()
