"""The page of purging: sums by hand, and ages counted from the last index."""

from collections.abc import Callable
from pathlib import Path

from disk import DAY, HOUR, OLD, SMALL, START, fill, index, paths_of, put, query

from latteboard.campaign import Campaign
from latteboard.catalog import Catalog
from latteboard.catalog.questions.unarchived import unarchived_files
from latteboard.text import human_bytes
from site_templates.pages.purge import CLASSES, Purge, purge
from site_templates.site import build_site

Read = Callable[..., Campaign]


def page(campaign: Campaign) -> Purge:
    catalog = Catalog(campaign.catalog)
    content = purge(catalog.totals(), unarchived_files(catalog), catalog.kinds).content
    assert isinstance(content, Purge)
    return content


def test_what_may_be_deleted_is_what_the_catalog_marks(read_campaign: Read) -> None:
    campaign = read_campaign()
    fill(campaign)
    index(campaign)
    content = page(campaign)
    ((number, size),) = query(campaign, "select count(*), sum(size) from artifact where purgeable")
    assert number > 0
    assert (content.number, content.size) == (number, human_bytes(size))
    by_kind = query(
        campaign, "select ensemble, stream, kind, count(*), sum(size) from artifact where purgeable group by 1, 2, 3"
    )
    assert {(row.ensemble, row.stream, row.kind, row.number, row.bytes) for row in content.rows} == set(by_kind)
    assert [row.bytes for row in content.rows] == sorted((row.bytes for row in content.rows), reverse=True)
    assert content.rows[0].link.endswith("&purgeable=%3Dyes")


def test_nothing_is_offered_that_something_still_needs(read_campaign: Read) -> None:
    campaign = read_campaign()
    fill(campaign, "cfg", "prop")
    index(campaign, accept_empty=True)
    assert page(campaign).rows == []


def test_ages_count_from_the_last_index(read_campaign: Read) -> None:
    campaign = read_campaign(kinds=SMALL)
    paths = paths_of(campaign, "cfg")
    for path, age in zip(paths, (DAY, 8 * DAY, 31 * DAY, 100 * DAY), strict=True):
        put(campaign, path, size=1000, at=START - age)
    index(campaign, accept_empty=True)
    assert list(page(campaign).ages) == ["1.0 kB"] * len(CLASSES)
    index(campaign, at=START + 23 * DAY)  # now 24, 31, 54 and 123 days old
    assert list(page(campaign).ages) == ["", "1.0 kB", "2.0 kB", "1.0 kB"]


def test_a_sound_copy_in_an_archive_is_enough_and_a_small_one_is_not(read_campaign: Read) -> None:
    campaign = read_campaign(kinds=SMALL)
    first, second, *others = paths_of(campaign, "prop")
    for path in (first, second, *others):
        put(campaign, path, size=6000)
    index(campaign, accept_empty=True)
    Catalog(campaign.catalog).record_archive("tape", [(first, 6000, OLD), (second, 10, OLD)])
    index(campaign, at=START + HOUR)
    content = page(campaign)
    assert content.here_number == len(others) + 1
    assert content.here_size == human_bytes(6000 * (len(others) + 1))


def test_what_should_be_in_an_archive_and_is_not_is_named(read_campaign: Read) -> None:
    campaign = read_campaign()
    fill(campaign)
    index(campaign)
    content = page(campaign)
    size = query(campaign, "select sum(size) from formfac")[0][0]
    assert content.unsaved == human_bytes(size)
    rows = {(row.kind, row.archive, row.temporary, row.given) for row in content.here}
    assert {("formfac", "tape", False, False), ("prop", None, True, False), ("cfg", None, False, True)} <= rows
    assert [row.bytes for row in content.here] == sorted((row.bytes for row in content.here), reverse=True)


def test_a_kind_of_no_ensemble_stands_for_all(read_campaign: Read) -> None:
    campaign = read_campaign(kinds='[kinds.table]\npath = "tables/{current}.dat"\n')
    for path in paths_of(campaign, "table"):
        put(campaign, path, size=1000)
    index(campaign, accept_empty=True)
    (row,) = page(campaign).here
    assert (row.ensemble, row.kind, row.number) == ("", "table", len(paths_of(campaign, "table")))
    assert row.link == "kind_table.html"


def test_the_page_says_that_purging_looks_again(read_campaign: Read, tmp_path: Path) -> None:
    campaign = read_campaign()
    fill(campaign)
    index(campaign)
    build_site(Catalog(campaign.catalog), tmp_path / "pages", campaign=campaign)
    text = (tmp_path / "pages" / "purge.html").read_text(encoding="utf-8")
    assert "again before it deletes anything" in text
    assert page(campaign).size in text
