"""Reserved names: no kind or coordinate is called like what the catalog makes, and nothing else is reserved."""

from collections.abc import Callable
from pathlib import Path

import pytest
from disk import CFG, index, put, query

from latteboard.campaign import Campaign
from latteboard.campaign.vocabulary import RESERVED_KINDS, RESERVED_NAMES
from latteboard.catalog import Catalog
from latteboard.catalog.tables.schema import metadata
from latteboard.errors import CampaignError
from site_templates.site import build_site

Read = Callable[..., Campaign]
SHARED = {"ensemble", "stream", "configuration", "source_set", "source"}  # columns of views over all kinds


@pytest.fixture
def indexed(read_campaign: Read) -> Campaign:
    campaign = read_campaign()
    put(campaign, CFG)
    index(campaign)
    return campaign


def test_whatever_the_catalog_makes_is_reserved_and_nothing_else(indexed: Campaign) -> None:
    made = {name for (name,) in query(indexed, "SELECT name FROM sqlite_master")}
    assert made > {*metadata.tables, "artifact", "missing", "work", "progress", "problems"}
    # No kind begins with an underscore, or as SQLite's own names do.
    assert {n for n in made if not n.startswith(("_", "sqlite_"))} - indexed.kinds.keys() == set(RESERVED_KINDS)


def test_every_column_that_is_no_coordinate_is_reserved_and_nothing_else(indexed: Campaign) -> None:
    columns = set()
    for kind, stated in indexed.kinds.items():
        for table in (kind, f"_{kind}"):
            found = {name for _, name, *_ in query(indexed, f'PRAGMA table_info("{table}")')}
            assert found > set(stated.coordinates)
            columns |= found - set(stated.coordinates)
    columns |= {name for _, name, *_ in query(indexed, "PRAGMA table_info(artifact)")} - SHARED
    columns.add("root")  # of campaigns with several
    assert columns == set(RESERVED_NAMES)


@pytest.mark.parametrize("name", ["work", "Work", *RESERVED_KINDS, "sqlite_x"])
def test_a_kind_of_a_reserved_name_is_refused(read_campaign: Read, name: str) -> None:
    with pytest.raises(
        CampaignError, match=f"kinds.{name}: (the catalog has a table of this name|this name is reserved)"
    ):
        read_campaign(kinds=f'[kinds.{name}]\npath = "{{configuration}}"')


def test_kinds_may_be_called_like_indexes_tables_and_aliases_of_other_kinds(
    read_campaign: Read, tmp_path: Path
) -> None:
    names = ("prop", "prop_open", "prop_waits", "PROP_open_waits", "a", "q", "v0", "j_kind", "twin")
    text = '[kinds.{0}]\npath = "{0}/{{configuration}}"\nneeds = {1}\n'
    needs = ("[]", *(f'["{name}"]' for name in names))
    campaign = read_campaign(kinds="".join(map(text.format, names, needs)))
    put(campaign, "prop/10")
    report = index(campaign)
    assert (report.expected, report.found) == (3 * len(names), 1)
    build_site(Catalog(campaign.catalog), tmp_path / "site", campaign=campaign)
    found = query(campaign, "SELECT configuration, status FROM prop_open ORDER BY configuration")
    assert found == [(5, "blocked"), (10, "ready"), (20, "blocked")]
