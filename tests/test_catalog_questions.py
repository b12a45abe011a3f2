"""The catalog asked: from Python, by plain SQL tools, and after the campaign has changed."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sqlite_utils
from disk import (
    CFG,
    ENOUGH,
    HOUR,
    MINUTE,
    OLD,
    OTHER_PROP,
    PROP,
    SMALL,
    START,
    books,
    fill,
    index,
    kept,
    only,
    paths_of,
    put,
    query,
    status,
    statuses,
)

from latteboard import Catalog, Source
from latteboard.campaign import Campaign
from latteboard.catalog import Status
from latteboard.catalog.questions.problems import DoneProblem, done_problems
from latteboard.catalog.tables.schema import VERSION
from latteboard.errors import CatalogError, QueryError

Read = Callable[..., Campaign]

LATE = datetime.now(UTC) + timedelta(days=1)


@pytest.fixture
def campaign(read_campaign: Read, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Campaign:
    """All gauge configurations are there, and the propagators of A a 10; one is too small, one is growing."""

    def make() -> Campaign:
        campaign = read_campaign(kinds=SMALL)
        fill(campaign, "cfg")
        for path in paths_of(campaign, "prop")[:4]:
            put(campaign, path, at=OLD + HOUR)
        put(campaign, PROP, size=5)
        put(campaign, OTHER_PROP, size=7, at=START)
        index(campaign)
        return campaign

    return kept("catalog", tmp_path_factory, tmp_path, make)


@pytest.fixture
def catalog(campaign: Campaign) -> Catalog:
    return Catalog(campaign.catalog)


# -- filters ---------------------------------------------------------------------------------------------------------

# By hand: propagators A a 10 (4), A a 20 (4), A b 10 (4), B a 5 (2).
FILTERS: list[tuple[dict[str, Any], int]] = [
    ({}, 14),
    ({"ensemble": "A"}, 12),
    ({"ensemble": "A", "stream": "a"}, 8),
    ({"ensemble": ["A", "B"]}, 14),
    ({"ensemble__in": ("B",)}, 2),
    ({"ensemble__ne": "A"}, 2),
    ({"ensemble__ne": ["A", "B"]}, 0),
    ({"configuration": 10}, 8),
    ({"configuration": [5, 20]}, 6),
    ({"configuration": (5,)}, 2),
    ({"configuration": {5, 20, 21}}, 6),
    ({"configuration": range(5, 10)}, 2),
    ({"configuration": range(5, 11)}, 10),
    ({"configuration": range(0, 21, 10)}, 12),
    ({"configuration": range(0, 10**9, 5)}, 14),
    ({"configuration": range(0)}, 0),
    ({"configuration": range(20, 4, -5)}, 14),
    ({"configuration": np.array([10, 20])}, 12),
    ({"configuration": np.int64(10)}, 8),
    ({"configuration": []}, 0),
    ({"configuration": 11}, 0),
    ({"configuration__in": [10]}, 8),
    ({"configuration__ge": 10}, 12),
    ({"configuration__le": 10}, 10),
    ({"configuration__ge": 6, "configuration__le": 19}, 8),
    ({"configuration__ne": 10}, 6),
    ({"configuration__ne": [5, 10]}, 4),
    ({"configuration__ne": range(5, 11)}, 4),
    ({"source": "x0y1z2t3"}, 3),
    ({"source": Source(0, 1, 2, 3)}, 3),
    ({"source": [Source(0, 1, 2, 3), "x5y4z3t11"]}, 4),
    ({"status": "ready"}, 10),
    ({"status": Status.ready}, 10),
    ({"status": ["ready", Status.bad]}, 11),
    ({"status__in": ("bad", "growing")}, 2),
    ({"status__ne": "ready"}, 4),
    ({"status__ne": ["ready", "done"]}, 2),
    ({"status": []}, 0),
    ({"status": "claimed"}, 0),
    ({"size__ge": 6}, 3),
    ({"size__le": 6}, 1),
    ({"wanted": True}, 14),
    ({"purgeable": True}, 0),
    ({"purgeable": False, "status": "done"}, 2),
]


def test_filters_narrow_down_as_they_say(catalog: Catalog) -> None:
    wrong = [
        (conditions, count, selected.count())
        for conditions, count in FILTERS
        if not (selected := catalog["prop"].filter(**conditions)).count()
        == len(list(selected))
        == len(selected)
        == count
    ]
    assert wrong == []


def test_filters_add_up(catalog: Catalog) -> None:
    selected = (
        catalog["prop"].filter(ensemble="A").filter(configuration__ge=10).filter(configuration__le=10, stream="b")
    )
    assert selected.count() == 4
    with pytest.raises(QueryError, match="ensemble is given twice"):
        selected.filter(ensemble="B")


@pytest.mark.parametrize(
    ("conditions", "message"),
    [
        ({"colour": 1}, "prop has no 'colour': expected one of ensemble, stream, configuration, source, status, size,"),
        ({"t_separation": 3}, "prop has no 't_separation'"),
        ({"configuration__gt": 3}, "prop has no 'configuration__gt'.*__in, __ge, __le, __ne"),
        ({"ensemble": "C"}, "ensemble has no value 'C'; it has A, B"),
        ({"ensemble": ["A", "C"]}, "ensemble has no value 'C'"),
        ({"ensemble__ge": "A"}, "ensemble is text, so ge has no meaning"),
        ({"source": "x0y1z2"}, "source has no value 'x0y1z2'"),
        ({"status": "finished"}, "'finished' is not a status; expected one of growing, bad, stale, done"),
        ({"status__ge": "done"}, "status ge has no meaning"),
        ({"configuration": "ten"}, "configuration='ten': expected a whole number"),
        ({"configuration": 10.5}, "configuration=10.5: expected a whole number"),
        ({"configuration": [10, "ten"]}, r"configuration=\[10, 'ten'\]: expected whole numbers"),
        ({"configuration": None}, "configuration=None: expected a whole number"),
        ({"configuration__ge": [1, 2]}, r"configuration__ge=\[1, 2\]: expected a whole number"),
        ({"path": PROP}, "prop has no 'path'"),
        ({"": 1}, "prop has no ''"),
        ({"ensemble' or 1=1 --": "A"}, "prop has no"),
    ],
)
def test_a_question_that_makes_no_sense_says_what_would(
    catalog: Catalog, conditions: dict[str, Any], message: str
) -> None:
    with pytest.raises(QueryError, match=message):
        catalog["prop"].filter(**conditions).count()


def test_an_unknown_kind_names_those_there_are(catalog: Catalog) -> None:
    with pytest.raises(QueryError, match="'propagator' is not a kind; expected one of cfg, prop"):
        catalog["propagator"]


# -- what comes out --------------------------------------------------------------------------------------------------


def test_artifacts_have_their_coordinates_and_all_else_as_attributes(catalog: Catalog) -> None:
    (bad,) = catalog["prop"].filter(status="bad")
    assert (bad.kind, bad.ensemble, bad.stream, bad.configuration, bad.source) == (
        "prop",
        "A",
        "a",
        10,
        Source(0, 1, 2, 3),
    )
    assert (bad.path, bad.status, bad.size, bad.wanted, bad.purgeable) == (PROP, "bad", 5, True, False)
    assert bad.mtime == datetime.fromtimestamp(OLD // 10**9, UTC)
    assert (bad.problem, bad.blocked_by) == ("too small: 5 bytes, expected at least 1024", None)
    (missing,) = catalog["prop"].filter(configuration=20, source="x0y0z0t0")
    assert (missing.size, missing.mtime, missing.problem) == (None, None, None)
    with pytest.raises(AttributeError, match="an artifact of prop has no 'particle'"):
        _ = bad.particle


def test_iteration_is_in_canonical_order(campaign: Campaign, catalog: Catalog) -> None:
    found = [(a.ensemble, a.stream, a.configuration) for a in catalog["prop"]]
    assert found == sorted(found)
    assert [artifact.path for artifact in catalog["prop"]] == paths_of(campaign, "prop")


def test_a_table_of_pandas_has_the_rows_with_times_in_utc(catalog: Catalog) -> None:
    frame = catalog["prop"].filter(configuration=10, stream="a").to_dataframe()
    assert list(frame.columns[:7]) == ["ensemble", "stream", "configuration", "source", "path", "status", "size"]
    assert list(frame["status"]) == ["bad", "growing", "done", "done"]
    assert list(frame["size"]) == [5, 7, ENOUGH, ENOUGH]
    assert str(frame["mtime"].dtype).endswith("UTC]")
    assert frame["mtime"][0].timestamp() == OLD // 10**9
    empty = catalog["prop"].filter(configuration=1).to_dataframe()
    assert len(empty) == 0
    assert list(empty.columns) == list(frame.columns)


def test_progress_counts_by_ensemble_stream_kind_and_status(catalog: Catalog) -> None:
    frame = catalog.progress()
    found = {
        tuple(row) for row in frame[["ensemble", "stream", "kind", "status", "number", "bytes"]].itertuples(index=False)
    }
    assert found == {
        ("A", "a", "cfg", "done", 2, 2 * ENOUGH),
        ("A", "b", "cfg", "done", 1, ENOUGH),
        ("B", "a", "cfg", "done", 1, ENOUGH),
        ("A", "a", "prop", "bad", 1, 5),
        ("A", "a", "prop", "growing", 1, 7),
        ("A", "a", "prop", "done", 2, 2 * ENOUGH),
        ("A", "a", "prop", "ready", 4, 0),
        ("A", "b", "prop", "ready", 4, 0),
        ("B", "a", "prop", "ready", 2, 0),
    }


# -- claims ----------------------------------------------------------------------------------------------------------


def test_work_that_is_handed_out_is_claimed_until_it_is_released_or_expires(
    campaign: Campaign, catalog: Catalog
) -> None:
    ready = list(catalog["prop"].filter(status="ready"))
    catalog.claim(ready[:3], LATE, "somebody")
    catalog.claim(ready[3:4], datetime.now(UTC) - timedelta(hours=1), "somebody slow")
    assert catalog["prop"].filter(status="claimed").count() == 3
    assert catalog["prop"].filter(status="ready").count() == 7
    assert catalog["prop"].filter(status=["claimed", "ready"]).count() == 10
    assert catalog["prop"].filter(status__ne="claimed").count() == 11
    frame = catalog.progress()
    assert frame[frame.status == "claimed"]["number"].sum() == 3
    assert frame[frame.status == "ready"]["number"].sum() == 7
    index(campaign)
    assert catalog["prop"].filter(status="claimed").count() == 3
    catalog.release(ready[:1])
    assert catalog["prop"].filter(status="claimed").count() == 2
    put(campaign, ready[1].path)
    index(campaign)
    assert only(campaign, ready[1].path).status != "claimed"
    assert query(campaign, "select count(*) from progress where status = 'claimed'") == [(0,)]  # as of the index


# -- plain SQL tools -------------------------------------------------------------------------------------------------


def test_views_read_like_physics(campaign: Campaign) -> None:
    assert query(
        campaign, "select path, status, size from prop where configuration = 10 and stream = 'a' and size < 100"
    ) == [
        (PROP, "bad", 5),
        (OTHER_PROP, "growing", 7),
    ]
    assert query(campaign, "select mtime from cfg where configuration = 5") == [
        (datetime.fromtimestamp(OLD // 10**9, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),)
    ]
    assert query(campaign, "select count(*) from artifact") == [(18,)]
    assert query(campaign, "select kind, count(*) from work group by kind") == [("prop", 10)]
    assert query(campaign, "select count(*) from missing") == [(10,)]
    assert query(campaign, "select kind, status, path from problems") == [("prop", "bad", PROP)]
    progress = query(
        campaign, "select number from progress where ensemble = 'B' and kind = 'prop' and status = 'ready'"
    )
    assert progress == [(2,)]


def test_sqlite_utils_reads_tables_and_views(campaign: Campaign) -> None:
    database = sqlite_utils.Database(campaign.catalog)
    assert {"cfg", "prop", "artifact", "missing", "progress", "work", "problems"} <= set(database.view_names())
    assert database["prop"].count == 14
    rows = database.query("select source from prop where status = ?", ["bad"])
    assert list(rows) == [{"source": "x0y1z2t3"}]
    assert database["_prop"].schema.startswith("CREATE TABLE")
    database.close()


def test_the_file_is_sound_and_has_no_write_ahead_log(campaign: Campaign) -> None:
    assert query(campaign, "pragma integrity_check") == [("ok",)]
    assert query(campaign, "pragma journal_mode") == [("delete",)]


def test_a_snapshot_is_a_catalog_of_its_own(campaign: Campaign, catalog: Catalog, tmp_path: Path) -> None:
    catalog.snapshot(tmp_path / "published.db")
    assert Catalog(tmp_path / "published.db")["prop"].filter(status="ready").count() == 10
    with sqlite3.connect(f"file:{tmp_path / 'published.db'}?mode=ro&immutable=1", uri=True) as reader:
        assert reader.execute("select count(*) from prop").fetchone() == (14,)
    reader.close()


# -- what a catalog must be ------------------------------------------------------------------------------------------


def test_a_catalog_that_is_not_there_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(CatalogError, match=r"none\.db: there is no catalog yet\. Make it with: latteboard index"):
        Catalog(tmp_path / "none.db")
    assert not (tmp_path / "none.db").exists()


def test_an_empty_file_is_a_catalog_to_be(read_campaign: Read) -> None:
    campaign = read_campaign(kinds=SMALL)
    Path(campaign.catalog).touch()
    with pytest.raises(CatalogError, match="the catalog is empty"):
        Catalog(campaign.catalog)
    put(campaign, CFG)
    assert index(campaign).found == 1


def spoil(path: Path, what: str) -> None:
    """Put something into the place of a catalog."""
    path.unlink(missing_ok=True)
    if what == "text":
        path.write_text("This is a list of things to do, and quite a long one. " * 100)
    elif what == "folder":
        path.mkdir()
    else:
        with sqlite3.connect(path) as other:
            other.executescript("create table run (id integer); create table kind (id); insert into run values (7)")
        other.close()


@pytest.mark.parametrize(
    ("what", "message"),
    [
        ("text", "not a catalog: file is not a database; state another catalog in the campaign"),
        ("database", "a database, but not a latteboard catalog; state another catalog in the campaign"),
        ("folder", "unable to open database file: it is a folder"),
    ],
)
def test_what_is_not_a_catalog_is_refused_and_left_alone(read_campaign: Read, what: str, message: str) -> None:
    campaign = read_campaign(kinds=SMALL)
    put(campaign, CFG)
    path = Path(campaign.catalog)
    spoil(path, what)
    before = path.read_bytes() if path.is_file() else None
    with pytest.raises(CatalogError, match=message):
        Catalog(path)
    with pytest.raises(CatalogError, match=message):
        index(campaign)
    assert (path.read_bytes() if path.is_file() else None) == before


@pytest.mark.parametrize("version", [str(VERSION + 1), "1000", "two"])
def test_a_catalog_of_a_newer_version_is_refused_and_left_alone(campaign: Campaign, version: str) -> None:
    with sqlite3.connect(campaign.catalog) as connection:
        connection.execute("update meta set value = ? where key = 'schema'", [version])
    connection.close()
    before = Path(campaign.catalog).read_bytes()
    with pytest.raises(
        CatalogError, match=f"made by a newer latteboard .catalog version {version}, this one reads {VERSION}"
    ):
        Catalog(campaign.catalog)
    with pytest.raises(CatalogError, match="update latteboard"):
        index(campaign)
    assert Path(campaign.catalog).read_bytes() == before


def test_a_catalog_cut_short_is_one_error(campaign: Campaign) -> None:
    path = Path(campaign.catalog)
    path.write_bytes(path.read_bytes()[:3000])
    with pytest.raises(CatalogError):
        list(Catalog(path)["prop"])
    with pytest.raises(CatalogError):
        index(campaign)


def test_other_databases_are_refused_by_name() -> None:
    with pytest.raises(CatalogError, match="only SQLite catalogs"):
        Catalog("oracle://somewhere/else")


# -- a changed campaign ----------------------------------------------------------------------------------------------

SOURCES = "{n} 0 1 2 3\n{n} 1 2 3 7\n{n} 2 3 0 1\n{n} 3 0 1 5\n"
MORE = {"A.lst": "".join(SOURCES.format(n=number) for number in (10, 20, 30))}


def keep_books(campaign: Campaign) -> dict[str, Any]:
    """Claim something, list something in the archive; returns the runs and the history so far."""
    catalog = Catalog(campaign.catalog)
    catalog.claim(catalog["prop"].filter(ensemble="B"), LATE, "somebody")
    catalog.record_archive("tape", [("A_b/prop/10/prop_mq0.01_x0y1z2t3.lime", ENOUGH, OLD), ("elsewhere/x", 1, 1)])
    index(campaign)
    assert status(campaign, "A_b/prop/10/prop_mq0.01_x0y1z2t3.lime") == "archived"
    assert status(campaign, "B_a/prop/5/prop_mq0.01_x0y1z2t3.lime") == "claimed"
    return {name: query(campaign, f"select * from {name}") for name in ("run", "history")}


def still_kept(campaign: Campaign, kept: dict[str, Any]) -> None:
    """Nothing that cannot be rebuilt is lost: runs and history go on, claims and archive copies still hold."""
    for name, rows in kept.items():
        found = query(campaign, f"select * from {name}")
        assert found[: len(rows)] == rows
        assert len(found) > len(rows) or name == "history"
    assert status(campaign, "A_b/prop/10/prop_mq0.01_x0y1z2t3.lime") == "archived"
    assert status(campaign, "B_a/prop/5/prop_mq0.01_x0y1z2t3.lime") == "claimed"


def test_new_configurations_are_taken_up(campaign: Campaign, read_campaign: Read) -> None:
    kept = keep_books(campaign)
    before = statuses(campaign)
    ids = dict(query(campaign, "select path, id from prop"))
    campaign = read_campaign(("configurations = [10, 20]", "configurations = [10, 20, 30]"), lists=MORE, kinds=SMALL)
    put(campaign, "A_a/cfg/30.lime")
    report = index(campaign)
    assert (report.expected, report.found) == (18 + 5, 4 + 4 + 1)
    assert Catalog(campaign.catalog)["prop"].filter(configuration=30, status="ready").count() == 4
    # Configuration 20 has other sources now; all else is as it was, under the numbers it had.
    same = {path for path in before if "_a/prop/20/" not in path}
    assert {path: word for path, word in statuses(campaign).items() if path in same} == {p: before[p] for p in same}
    now = dict(query(campaign, "select path, id from prop"))
    assert {path: number for path, number in now.items() if path in same} == {p: n for p, n in ids.items() if p in same}
    still_kept(campaign, kept)


def test_a_new_value_of_an_axis_and_a_new_axis_are_taken_up(read_campaign: Read) -> None:
    flavored = SMALL + '[kinds.spec]\npath = "{ensemble}_{stream}/{particle}_{configuration}.h5"\nneeds = ["cfg"]\n'
    campaign = read_campaign(kinds=flavored)
    fill(campaign, "cfg")
    put(campaign, "A_a/proton_10.h5")
    index(campaign)
    kept = keep_books(campaign)
    changed = read_campaign(
        ('particle     = ["proton", "proton_np"]', 'particle     = ["delta", "proton", "proton_np"]'),
        ("values = { proton", 'values = { delta = "d{t_separation}", proton'),
        kinds=flavored,
    )
    put(changed, "A_a/delta_10.h5")
    assert index(changed).expected == 18 + 12
    assert status(changed, "A_a/delta_10.h5") == "done"
    assert status(changed, "A_a/proton_10.h5") == "done"
    assert query(changed, "select path from spec where particle = 'delta' and status = 'done'") == [
        ("A_a/delta_10.h5",)
    ]
    still_kept(changed, kept)
    # The same kind with one coordinate more is another table.
    wider = flavored.replace("{particle}_{configuration}", "{particle}_{t_separation}_{configuration}")
    changed = read_campaign(kinds=wider)
    put(changed, "A_a/proton_3_10.h5")
    report = index(changed)
    assert (report.expected, report.strays) == (18 + 16, 2)
    assert status(changed, "A_a/proton_3_10.h5") == "done"
    still_kept(changed, kept)


def test_a_catalog_that_is_open_knows_the_names_of_the_last_index(campaign: Campaign, read_campaign: Read) -> None:
    catalog = Catalog(campaign.catalog)
    assert "A_a/cfg/10.lime" in {one.path for one in catalog["cfg"]}
    index(
        read_campaign(("/cfg/{configuration}.lime", "/gauge/{configuration}.lime"), ("[kinds.joined]", "[kinds.all]"))
    )
    assert "A_a/gauge/10.lime" in {one.path for one in catalog["cfg"]}
    assert "joined" not in catalog.kinds
    assert catalog["all"].count() > 0


def test_a_kind_under_a_new_name_is_taken_up(campaign: Campaign, read_campaign: Read) -> None:
    kept = keep_books(campaign)
    before = statuses(campaign)
    renamed = read_campaign(kinds=SMALL.replace("kinds.prop", "kinds.propagator"))
    index(renamed)
    assert statuses(renamed) == before
    assert "prop" not in Catalog(renamed.catalog).kinds
    with pytest.raises(sqlite3.OperationalError, match="no such table: prop"):
        query(renamed, "select * from prop")
    assert query(renamed, "select count(*) from history where kind = 'prop'")[0][0] > 0
    still_kept(renamed, kept)
    index(read_campaign(kinds=SMALL))
    assert statuses(campaign) == before


def test_a_kind_that_is_gone_and_back_finds_its_copies_and_claims_again(
    campaign: Campaign, read_campaign: Read
) -> None:
    kept = keep_books(campaign)
    without = read_campaign(kinds=SMALL[: SMALL.index("[kinds.prop]")])
    assert index(without).expected == 4
    assert [len(query(without, f"select * from {name}")) for name in ("claim", "replica")] == [2, 2]
    index(read_campaign(kinds=SMALL))
    still_kept(campaign, kept)


def test_an_ensemble_that_is_no_longer_there_takes_its_artifacts_along(campaign: Campaign, read_campaign: Read) -> None:
    text = campaign.path.read_text()
    ensembles = text[text.index("[ensembles.A]") : text.index("[ensembles.B]")]
    campaign = read_campaign(ensembles=ensembles, kinds=SMALL)
    report = index(campaign)
    assert (report.expected, query(campaign, "select path from stray")) == (15, [("B_a/",)])
    assert query(campaign, "select count(*) from progress where ensemble = 'B'") == [(0,)]


def test_a_least_size_that_changed_judges_anew(campaign: Campaign, read_campaign: Read) -> None:
    changed = read_campaign(kinds=SMALL.replace('"unit * L**3"', "5"))
    index(changed)
    assert (status(changed, PROP), only(changed, PROP).problem) == ("done", None)
    assert index(read_campaign(kinds=SMALL)).changed == 1
    assert status(campaign, PROP) == "bad"


def test_an_index_of_the_same_campaign_written_differently_changes_nothing(campaign: Campaign) -> None:
    index(campaign)  # this tree is a copy: other files, as far as inodes tell
    before = _but_for_digests(campaign)
    campaign.path.write_text("# a comment\n" + campaign.path.read_text().replace("  =", "    ="))
    index(Campaign.read(campaign.path), at=START + MINUTE // 2)
    assert _but_for_digests(campaign) == before


def _but_for_digests(campaign: Campaign) -> dict[str, list[tuple[object, ...]]]:
    """Content of a catalog, without the digests of the bytes that the campaign was read from."""
    found = books(campaign)
    return {**found, "meta": [(key, value) for key, value in found["meta"] if key != "digests"]}


def test_a_sound_copy_in_one_archive_is_worth_no_less_for_a_cut_one_in_another(campaign: Campaign) -> None:
    catalog = Catalog(campaign.catalog)
    path = "A_b/prop/10/prop_mq0.01_x0y1z2t3.lime"
    for first, second in (("a", "b"), ("b", "a")):
        catalog.record_archive(first, [(path, ENOUGH, OLD)])
        catalog.record_archive(second, [(path, 3, OLD)])
        index(campaign)
        assert status(campaign, path) == "archived"
    catalog.record_archive("b", [(path, 3, OLD)])
    index(campaign)
    assert status(campaign, path) == "ready"


# -- done, but --------------------------------------------------------------------------------------------------------


def test_of_done_artifacts_with_a_problem_the_most_frequent_wording_is_quoted(catalog: Catalog) -> None:
    assert done_problems(catalog) == []
    with closing(sqlite3.connect(catalog.path)) as connection, connection:
        wordings = [(1000, "1 of 2 configurations"), (1001, "2 of 6 configurations")]
        connection.executemany("insert into problem_text values (?, ?)", wordings)
        rows = [row for (row,) in connection.execute("select id from _cfg order by id")]
        planted = zip((1000, 1001, 1001), rows, strict=False)
        connection.executemany("update _cfg set problem = ? where id = ?", planted)
        connection.execute("update summary set problems = 1 where kind = 'cfg' and status = 'done'")
    assert done_problems(catalog) == [DoneProblem("cfg", 3, "2 of 6 configurations")]
