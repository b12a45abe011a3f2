"""Strays: whatever is below the root and no expected artifact, counted and listed, each with a reason."""

from collections.abc import Callable

import pytest
from disk import CFG, HOUR, OLD, PROP, SMALL, START, age_all, books, index, put, query, status

from indexer.places import Plan
from latteboard.campaign import Campaign
from latteboard.files.atomic import replacing

Read = Callable[..., Campaign]
UNNAMED = "a folder that no template names"
UNKNOWN = "no template gives this path"


def strays(campaign: Campaign) -> dict[str, str]:
    """The reason of every stray, by path."""
    return dict(query(campaign, "select path, reason from stray"))


def test_a_stray_is_told_why_it_is_one(read_campaign: Read) -> None:
    campaign = read_campaign(kinds=SMALL)
    put(campaign, PROP)
    name = PROP.rpartition("/")[2]
    expected = {
        "notes.txt": UNKNOWN,
        "A_a/prop/10/core.1234": UNKNOWN,
        f"{PROP}.old": UNKNOWN,
        f"A_a/prop/20/{name}": "a prop that the campaign does not expect",  # a source of configuration 10 only
        "A_a/prop/10/prop_mq0.01_x9y9z9t9.lime": "a prop that the campaign does not expect",
        f"A_a/cfg/{name}": UNKNOWN,
        "A_a/cfg/99.lime": "a cfg that the campaign does not expect",
        "A_b/cfg/20.lime": "a cfg that the campaign does not expect",
        "A_a/cfg/010.lime": UNKNOWN,
    }
    for path in expected:
        put(campaign, path, size=7)
    report = index(campaign)
    found = strays(campaign)
    assert found.keys() == expected.keys()
    assert {path: reason for path, reason in found.items() if reason != expected[path]} == {}
    assert (report.found, report.strays) == (1, len(expected))
    assert query(campaign, "select size, mtime, folder from stray where path = 'notes.txt'") == [(7, OLD, "")]
    problems = query(campaign, "select path, problem from problems where status = 'stray'")
    assert dict(problems) == expected


def test_a_stray_that_differs_from_an_expected_name_in_case_says_so(read_campaign: Read) -> None:
    campaign = read_campaign(kinds=SMALL)
    folder, _, name = PROP.rpartition("/")
    put(campaign, f"{folder}/{name.upper()}")
    put(campaign, "A_a/cfg/10.Lime")
    put(campaign, f"A_a/cfg/{name.upper()}")  # expected, but in another folder
    assert index(campaign).found == 0
    alike = "looks like a {} that is expected, but its name differs in case or Unicode form"
    assert strays(campaign) == {
        f"{folder}/{name.upper()}": alike.format("prop"),
        "A_a/cfg/10.Lime": alike.format("cfg"),
        f"A_a/cfg/{name.upper()}": UNKNOWN,
    }


def test_expected_names_are_folded_once_a_folder_however_many_strays_are_in_it(
    read_campaign: Read, monkeypatch: pytest.MonkeyPatch
) -> None:
    campaign = read_campaign(kinds=SMALL)
    for number in range(50):
        put(campaign, f"A_a/cfg/core.{number}")
    asked: list[str] = []
    plain = Plan.folded_names

    def counted(plan: Plan, folder: str) -> dict[str, str]:
        asked.append(folder)
        return plain(plan, folder)

    monkeypatch.setattr(Plan, "folded_names", counted)
    assert index(campaign).strays == 50
    assert asked == ["A_a/cfg"]


def test_a_folder_that_no_template_can_name_is_listed_but_not_walked(read_campaign: Read) -> None:
    campaign = read_campaign(kinds=SMALL)
    put(campaign, PROP)
    for path in ("junk/a/b.txt", "A_a/junk/b.txt", "A_a/prop/ten/b.txt", "A_a/prop/10/old/b.txt", "C_a/prop/10/b.txt"):
        put(campaign, path)
    report = index(campaign)
    assert strays(campaign) == dict.fromkeys(
        ["junk/", "A_a/junk/", "A_a/prop/ten/", "A_a/prop/10/old/", "C_a/"], UNNAMED
    )
    # Folders are no files: the count is of these, which nobody has looked for.
    assert (report.strays, report.directories) == (0, 4)


def test_a_folder_that_a_template_can_name_is_walked_even_if_nothing_is_expected_in_it(read_campaign: Read) -> None:
    campaign = read_campaign(kinds=SMALL)
    put(campaign, PROP)
    put(campaign, "A_b/prop/20/core")
    assert index(campaign).strays == 1
    assert strays(campaign) == {"A_b/prop/20/core": UNKNOWN}


def test_what_is_below_unknown_folders_is_listed_on_request(read_campaign: Read) -> None:
    campaign = read_campaign(kinds=SMALL)
    put(campaign, PROP)
    put(campaign, "junk/a/b.txt")
    put(campaign, "A_a/prop/10/old/c.txt")
    (campaign.root / "junk" / "up").symlink_to("..")
    age_all(campaign.root)
    plain, deep = (
        {"junk/": UNNAMED, "A_a/prop/10/old/": UNNAMED},
        {"junk/a/b.txt": UNKNOWN, "A_a/prop/10/old/c.txt": UNKNOWN},
    )
    link = {"junk/up/": UNNAMED}  # a link from there may lead anywhere, and is not followed
    for asked, expected, count in (
        (True, deep | link, 2),
        (False, plain, 0),
        (True, deep | link, 2),
        (False, plain, 0),
    ):
        assert index(campaign, strays=asked).strays == count
        assert strays(campaign) == expected


def test_a_draft_that_somebody_is_writing_is_no_stray(read_campaign: Read) -> None:
    campaign = read_campaign(kinds=SMALL)
    put(campaign, PROP)
    similar = "A_a/cfg/.latteboard-notes.draft"
    put(campaign, similar)
    for folder in ("A_a/cfg", "A_a/prop/10"):
        with replacing(campaign.root / folder / "10.lime") as draft:
            put(campaign, str(draft.relative_to(campaign.root)))
            for options in ({}, {"fast": True}, {"strays": True}):
                report = index(campaign, **options)
                assert (report.found, report.strays) == (1, 1)
                assert strays(campaign) == {similar: UNKNOWN}
        (campaign.root / folder / "10.lime").unlink()


@pytest.mark.parametrize("fast", [False, True])
def test_a_stray_that_is_gone_or_renamed_is_no_longer_listed(read_campaign: Read, *, fast: bool) -> None:
    campaign = read_campaign(kinds=SMALL)
    put(campaign, PROP)
    for path in ("A_a/prop/10/core", "A_a/cfg/core", "junk/core"):
        put(campaign, path)
    index(campaign)
    (campaign.root / "A_a/prop/10/core").unlink()
    (campaign.root / "A_a/cfg/core").rename(campaign.root / "A_a/cfg/score")
    (campaign.root / "junk").rename(campaign.root / "trash")
    assert index(campaign, fast=fast, at=START + HOUR).strays == 1
    assert strays(campaign) == {"A_a/cfg/score": UNKNOWN, "trash/": UNNAMED}


def test_a_stray_in_an_unchanged_folder_stays_listed(read_campaign: Read) -> None:
    campaign = read_campaign(kinds=SMALL)
    put(campaign, PROP)
    put(campaign, "A_a/prop/10/core")
    age_all(campaign.root)
    index(campaign)
    before = books(campaign)
    for options in ({}, {"fast": True}, {"deep": True}, {"threads": 2}):
        assert index(campaign, **options).strays == 1
        assert books(campaign) == before


def test_a_stray_that_a_changed_campaign_expects_becomes_an_artifact(read_campaign: Read) -> None:
    campaign = read_campaign(kinds=SMALL)
    put(campaign, CFG)
    put(campaign, "A_a/cfg/30.lime")
    assert index(campaign).strays == 1
    sources = "10 0 1 2 3\n10 1 2 3 7\n10 2 3 0 1\n10 3 0 1 5\n"
    more = {"A.lst": sources + sources.replace("10 ", "20 ") + sources.replace("10 ", "30 ")}
    campaign = read_campaign(("configurations = [10, 20]", "configurations = [10, 20, 30]"), lists=more, kinds=SMALL)
    report = index(campaign)
    assert (report.found, report.strays) == (2, 0)
    assert status(campaign, "A_a/cfg/30.lime") == "done"


def test_an_artifact_that_a_changed_campaign_does_not_expect_becomes_a_stray(read_campaign: Read) -> None:
    campaign = read_campaign(kinds=SMALL)
    put(campaign, CFG)
    put(campaign, "A_a/cfg/20.lime")
    assert index(campaign).strays == 0
    campaign = read_campaign(("configurations = [10, 20]", "configurations = [10]"), kinds=SMALL)
    report = index(campaign)
    assert (report.expected, report.found, report.strays) == (3 + 10, 1, 1)
    assert strays(campaign) == {"A_a/cfg/20.lime": "a cfg that the campaign does not expect"}
