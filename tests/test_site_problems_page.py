"""The page of problems: every group counted by hand or by plain loops, and what is blocked followed down to its cause."""

import os
import random
import tomllib
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from conftest import LISTS
from disk import ENOUGH, HOUR, OLD, SMALL, closed, fill, index, paths_of, put, query
from plain_production import Production

from latteboard.campaign import Campaign
from latteboard.catalog import Catalog
from latteboard.catalog.questions.problems import claims, problem_groups, strays, unreadable_folders
from latteboard.catalog.questions.root_causes import Cause, causes
from latteboard.status.states import Status
from site_templates.pages.problems import Problems, problems

Read = Callable[..., Campaign]


def page(campaign: Campaign) -> Problems:
    catalog = Catalog(campaign.catalog)
    made = problems(
        problem_groups(catalog), causes(catalog), strays(catalog), unreadable_folders(catalog), claims(catalog)
    )
    assert isinstance(made.content, Problems)
    return made.content


def production_of(campaign: Campaign) -> Production:
    """The same campaign in plain loops, which know no powers: of sizes nothing is asked here."""
    stated = tomllib.loads(campaign.path.read_text())
    for kind in stated["kinds"].values():
        kind.pop("min_bytes", None)
    return Production(stated, {name: text.lstrip() for name, text in LISTS.items()})


# What is blocked


def scatter(campaign: Campaign, seed: int) -> None:
    """Some files there, some too small, some missing; some of these in the archive."""
    chance = random.Random(seed)
    copies = []
    for number, kind in enumerate(campaign.kinds):
        absent = chance.choice([0.0, 0.1, 0.5, 0.9])
        for path in paths_of(campaign, kind):
            size = 1 if chance.random() < 0.1 else ENOUGH
            if chance.random() >= absent:
                put(campaign, path, size=size, at=OLD + number * HOUR)
            if chance.random() < 0.1:
                copies.append((path, ENOUGH, OLD))
    index(campaign)
    Catalog(campaign.catalog).record_archive("tape", copies)
    index(campaign)


def expected_causes(campaign: Campaign) -> Counter[tuple[Any, ...]]:
    """How many of each kind wait for which cause: every blocked artifact alone, its inputs one by one."""
    production = production_of(campaign)
    catalog = Catalog(campaign.catalog)
    rows = {row["path"]: (kind, row) for kind in catalog.kinds for row in catalog[kind].rows()}
    saved = {path for (path,) in query(campaign, "select path from replica where sound")}
    order = list(catalog.kinds)

    def missing(path: str) -> bool:
        status = rows[path][1]["status"]
        return status not in ("done", "archived") and not (status == "bad" and path in saved)

    def cause(path: str) -> tuple[Any, ...]:
        kind, row = rows[path]
        if row["status"] != "blocked" or row["blocked_by"] is None:
            where = (row.get("ensemble", ""), row.get("stream", ""), row.get("configuration", 0))
            return order.index(kind), Status[row["status"]], *where
        blocker = row["blocked_by"].partition(" ")[0]
        return min(cause(one) for one in production.inputs_of(path) if rows[one][0] == blocker and missing(one))

    found: Counter[tuple[Any, ...]] = Counter()
    for path, (kind, row) in rows.items():
        if row["status"] == "blocked" and row["blocked_by"]:
            position, status, *where = cause(path)
            found[(kind, order[position], status.name, *where)] += 1
    return found


def held_by(found: list[Cause]) -> Counter[tuple[Any, ...]]:
    """How many wait for each cause and configuration."""
    return Counter(
        {
            (one.kind, one.status, one.ensemble or "", one.stream or "", number or 0): waiting
            for one in found
            for number, waiting in one.configurations.items()
        }
    )


@pytest.mark.parametrize("seed", [0, 1, 2, 4])
def test_what_is_blocked_is_followed_to_the_first_input_that_waits_for_nothing(read_campaign: Read, seed: int) -> None:
    campaign = read_campaign()
    scatter(campaign, seed)
    expected = expected_causes(campaign)
    assert expected
    found = causes(Catalog(campaign.catalog))
    by_cause: Counter[tuple[Any, ...]] = Counter()
    by_kind: Counter[tuple[Any, ...]] = Counter()
    for (kind, *where), number in expected.items():
        by_cause[tuple(where)] += number
        by_kind[(kind, *where[:-1])] += number
    assert held_by(found) == by_cause
    told = {(kind, c.kind, c.status, c.ensemble or "", c.stream or ""): n for c in found for kind, n in c.held.items()}
    assert told == dict(by_kind)
    assert sum(one.number for one in found) == sum(expected.values())


def test_a_given_file_that_is_missing_holds_up_all_that_is_made_from_it(read_campaign: Read) -> None:
    campaign = read_campaign(kinds=SMALL)
    fill(campaign, "cfg")
    (campaign.root / "A_a/cfg/10.lime").unlink()
    index(campaign, accept_empty=True)
    (cause,) = page(campaign).causes
    assert (cause.kind, cause.status, cause.where, cause.configurations) == ("cfg", "blocked", "A a", "10")
    assert [(held.kind, held.number) for held in cause.waiting] == [("prop", 4)]
    assert cause.state == "is given, and is not there"
    assert cause.link == "kind_cfg.html#ensemble=%3DA&stream=%3Da&configuration=%3D10&status=%3Dblocked"


def test_what_most_wait_for_stands_first(read_campaign: Read) -> None:
    campaign = read_campaign()
    fill(campaign, "cfg")
    index(campaign, accept_empty=True)
    numbers = [cause.number for cause in page(campaign).causes]
    assert len(numbers) > 2
    assert numbers == sorted(numbers, reverse=True)
    blocked = query(campaign, "select count(*) from artifact where status = 'blocked'")
    assert blocked == [(sum(numbers),)]


def test_many_configurations_are_told_by_their_number(read_campaign: Read) -> None:
    everything = Cause("prop", "bad", "A", "a", dict.fromkeys(range(300, 900, 6), 2), {"spec": 200})
    (row,) = problems([], [everything], [], unreadable_of(()), []).content.causes  # type: ignore[attr-defined]
    assert row.configurations == "100 from 300 to 894"
    assert row.link == "kind_prop.html#ensemble=%3DA&stream=%3Da&status=%3Dbad"


def unreadable_of(folders: tuple[tuple[str, str], ...]) -> Any:
    from latteboard.catalog.questions.problems import Unreadable

    return Unreadable(len(folders), folders)


# What is wrong


def test_problems_that_differ_in_their_numbers_are_one_group(read_campaign: Read) -> None:
    campaign = read_campaign(kinds=SMALL)
    fill(campaign)
    props = paths_of(campaign, "prop")
    for number, path in enumerate(props[:5]):
        put(campaign, path, size=10 + number // 2, at=OLD + HOUR)
    index(campaign)
    (row,) = page(campaign).wrong
    assert (row.kind, row.status, row.number, row.others) == ("prop", "bad", 5, 2)
    assert row.problem == "too small: 10 bytes, expected at least 1024"
    assert list(row.paths) == props[:2]
    assert row.link == "kind_prop.html#status=%3Dbad"


def test_a_problem_of_one_wording_links_to_its_rows(read_campaign: Read) -> None:
    campaign = read_campaign(kinds=SMALL)
    fill(campaign)
    put(campaign, paths_of(campaign, "prop")[0], size=10, at=OLD + HOUR)
    index(campaign)
    (row,) = page(campaign).wrong
    assert row.link.endswith("&problem=%3D%22too%20small%3A%2010%20bytes%2C%20expected%20at%20least%201024%22")


def test_of_what_is_stale_it_is_told_which_inputs_changed(read_campaign: Read) -> None:
    campaign = read_campaign()
    fill(campaign)
    changed = paths_of(campaign, "seqprop")[0]
    put(campaign, changed, at=OLD + 20 * HOUR)
    index(campaign)
    rows = {row.kind: row for row in page(campaign).wrong}
    products = query(campaign, "select count(*) from formfac_4D where status = 'stale'")
    assert dict(rows["formfac_4D"].changed) == {"seqprop": products[0][0]}
    assert rows["formfac_4D"].number == products[0][0] > 0
    assert dict(rows["formfac"].changed) == {"seqprop": rows["formfac"].number}


def test_nothing_wrong_is_said_so(read_campaign: Read) -> None:
    campaign = read_campaign(kinds=SMALL)
    fill(campaign)
    index(campaign)
    content = page(campaign)
    assert [*content.wrong, *content.causes, *content.strays, *content.claims] == []
    assert set(content.numbers.values()) == {0}


# What is in nobody's books


def test_strays_are_grouped_by_reason_largest_first(read_campaign: Read) -> None:
    campaign = read_campaign(kinds=SMALL)
    fill(campaign)
    put(campaign, "A_a/prop/10/small.tmp", size=5)
    put(campaign, "A_a/prop/10/large.tmp", size=2_000_000)
    index(campaign)
    (group,) = page(campaign).strays
    assert [size for _, size in group.largest] == ["2.0 MB", "5 B"]
    assert group.extent == "2 files, 2.0 MB"
    assert group.rest == 0


def test_of_many_strays_the_rest_is_counted(read_campaign: Read) -> None:
    campaign = read_campaign(kinds=SMALL)
    fill(campaign)
    for number in range(20):
        put(campaign, f"A_a/prop/10/{number}.tmp", size=number)
    index(campaign)
    (group,) = page(campaign).strays
    assert len(group.largest) + group.rest == 20
    assert page(campaign).numbers["strays"] == 20


def test_a_folder_that_cannot_be_read_is_named_with_its_reason(read_campaign: Read) -> None:
    campaign = read_campaign(kinds=SMALL)
    fill(campaign)
    with closed(campaign.root / "A_a" / "prop" / "10"):
        index(campaign)
    ((path, reason),) = page(campaign).unreadable.first
    assert path == "A_a/prop/10"
    assert "ermission" in reason
    (row,) = page(campaign).wrong
    assert (row.status, row.number) == ("unknown", 4)


def test_a_claim_that_has_expired_stands_before_one_that_has_not(read_campaign: Read) -> None:
    campaign = read_campaign(kinds=SMALL)
    fill(campaign, "cfg")
    index(campaign, accept_empty=True)
    catalog = Catalog(campaign.catalog)
    first, second, *_ = list(catalog["prop"].filter(status="ready"))
    now = datetime.now(UTC)
    catalog.claim([first], now + timedelta(hours=6), "gpu queue")
    catalog.claim([second], now - timedelta(hours=6), "old queue")
    rows = page(campaign).claims
    assert [(row.owner, row.number, row.expired) for row in rows] == [("old queue", 1, True), ("gpu queue", 1, False)]
    assert page(campaign).numbers["expired"] == 1


def test_a_stray_of_any_name_is_counted_once(read_campaign: Read) -> None:
    campaign = read_campaign(kinds=SMALL)
    fill(campaign)
    folder = campaign.root / "A_a" / "prop" / "10"
    names = ["<script>alert(1)</script>", "a\u202eb", "x" * 200, "new\nline", '"quoted"']
    for name in (name.replace("/", "-") for name in names):
        (folder / name).touch()
    os.utime(folder, ns=(OLD, OLD))
    index(campaign)
    (group,) = page(campaign).strays
    assert len(group.largest) == len(names)


def test_the_page_shows_what_the_catalog_says(read_campaign: Read, tmp_path: Path) -> None:
    from site_templates.site import build_site

    campaign = read_campaign(kinds=SMALL)
    fill(campaign)
    put(campaign, paths_of(campaign, "prop")[0], size=10, at=OLD + HOUR)
    put(campaign, "A_a/prop/10/<b>bold.tmp", size=5)
    index(campaign)
    build_site(Catalog(campaign.catalog), tmp_path / "pages", campaign=campaign)
    text = (tmp_path / "pages" / "problems.html").read_text(encoding="utf-8")
    assert "too small: 10 bytes" in text
    assert "&lt;b&gt;bold.tmp" in text
    assert "<b>bold" not in text
