"""What cannot be read is reported and believed to be as it was; nothing turns into work because of it.

Permissions are real: the process gives up the right to override them, whoever runs the tests.
"""

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from disk import (
    CFG,
    HOUR,
    MINUTE,
    PROP,
    SMALL,
    START,
    books,
    closed,
    drop_rights,
    fill,
    index,
    only,
    paths_of,
    put,
    query,
    spawn,
    status,
    statuses,
    without_rights,
)

from latteboard.campaign import Campaign
from latteboard.catalog import Catalog
from latteboard.errors import LatteboardError

Read = Callable[..., Campaign]
DENIED = "Permission denied"


def test_the_tests_give_up_their_rights(tmp_path: Path) -> None:
    with closed(tmp_path), pytest.raises(PermissionError):
        list(tmp_path.iterdir())
    assert list(tmp_path.iterdir()) == []


def test_what_a_first_index_cannot_read_is_unknown_and_the_rest_goes_on(read_campaign: Read) -> None:
    campaign = read_campaign()
    fill(campaign, "cfg", "prop", "seqprop")
    with closed(campaign.root / "A_a/prop/10"):
        report = index(campaign)
    assert report.unreadable == {str(campaign.root / "A_a/prop/10"): DENIED}
    assert (report.expected, report.found) == (126, 4 + 10 + 28)
    assert Counter(statuses(campaign, "prop").values()) == {"unknown": 4, "done": 10}
    # Each of the eight correlators of A a 10 needs one of the four, and one of eight sequential propagators of its set.
    assert Counter(statuses(campaign, "formfac_4D").values()) == {"blocked": 8, "ready": 20}
    artifact = only(campaign, "A_a/formfac_4D/10/formfac_4D_dt3_Srcs0-1_x0y1z2t3.h5")
    assert artifact.blocked_by == "prop (1)"
    assert not only(campaign, PROP).purgeable
    assert query(campaign, "select path, reason from unreadable") == [("A_a/prop/10", DENIED)]
    assert query(campaign, "select unreadable from run") == [(1,)]
    assert ("unreadable", "A_a/prop/10", DENIED) in query(campaign, "select status, path, problem from problems")


@pytest.mark.parametrize("fast", [False, True])
def test_what_was_known_of_an_unreadable_folder_stays(read_campaign: Read, *, fast: bool) -> None:
    campaign = read_campaign(kinds=SMALL)
    fill(campaign)
    (campaign.root / PROP).unlink()
    put(campaign, "A_a/prop/10/core")
    index(campaign)
    before = statuses(campaign)
    assert before[PROP] == "ready"
    with closed(campaign.root / "A_a"):
        report = index(campaign, fast=fast, at=START + HOUR)
        assert DENIED in report.unreadable.values()
        assert (report.found, report.strays, report.changed) == (17, 1, 0)
        assert statuses(campaign) == before
    report = index(campaign, fast=fast, at=START + 2 * HOUR)
    assert (report.found, report.strays, report.changed, report.unreadable) == (17, 1, 0, {})
    assert query(campaign, "select * from unreadable") == []


@pytest.mark.parametrize("fast", [False, True])
@pytest.mark.parametrize("folder", ["A_a", "A_a/prop", "A_a/prop/10"])
def test_what_was_unknown_is_found_once_it_can_be_read(read_campaign: Read, folder: str, *, fast: bool) -> None:
    campaign = read_campaign(kinds=SMALL)
    fill(campaign)
    with closed(campaign.root / folder):
        index(campaign)
        assert status(campaign, PROP) == "unknown"
    report = index(campaign, fast=fast, at=START + HOUR)
    assert (report.found, report.unreadable) == (18, {})
    assert set(statuses(campaign).values()) == {"done"}


def test_what_became_of_it_meanwhile_is_found_once_it_can_be_read_again(read_campaign: Read) -> None:
    campaign = read_campaign(kinds=SMALL)
    fill(campaign)
    index(campaign)
    folder = (campaign.root / PROP).parent
    with closed(folder):
        index(campaign, fast=True, at=START + HOUR)
    (campaign.root / PROP).unlink()
    assert index(campaign, fast=True, at=START + 2 * HOUR).found == 17
    assert status(campaign, PROP) == "ready"


@pytest.mark.parametrize("mode", [0o400, 0o600])
def test_files_that_can_be_listed_but_not_asked_for_their_size_are_unknown(read_campaign: Read, mode: int) -> None:
    campaign = read_campaign(kinds=SMALL)
    fill(campaign)
    with closed(campaign.root / "A_a/prop/10", mode):
        report = index(campaign)
        assert list(report.unreadable) == [str(campaign.root / "A_a/prop/10")]
        assert (report.expected, report.found) == (18, 14)
        assert Counter(statuses(campaign).values()) == {"unknown": 4, "done": 14}
        assert index(campaign, at=START + HOUR).changed == 0
    assert index(campaign, fast=True, at=START + 2 * HOUR).found == 18
    with closed(campaign.root / "A_a/prop/10", mode):
        report = index(campaign, at=START + 3 * HOUR)
        assert (report.found, report.changed, list(report.unreadable)) == (18, 0, [str(campaign.root / "A_a/prop/10")])
    assert set(statuses(campaign).values()) == {"done"}


def test_a_folder_linked_from_behind_a_closed_door_is_unreadable_not_gone(read_campaign: Read) -> None:
    campaign = read_campaign(kinds=SMALL)
    fill(campaign)
    scratch = campaign.root.parent / "scratch"
    scratch.mkdir()
    (campaign.root / "A_a/prop/10").rename(scratch / "10")
    (campaign.root / "A_a/prop/10").symlink_to(scratch / "10")
    with closed(scratch):
        assert list(index(campaign).unreadable) == [str(campaign.root / "A_a/prop/10")]
        assert Counter(statuses(campaign).values()) == {"unknown": 4, "done": 14}
    assert index(campaign).found == 18
    with closed(scratch):
        report = index(campaign)
        assert (report.found, report.changed, list(report.unreadable)) == (18, 0, [str(campaign.root / "A_a/prop/10")])


def test_a_file_linked_from_behind_a_closed_door_is_unknown_not_gone(read_campaign: Read) -> None:
    campaign = read_campaign(kinds=SMALL)
    fill(campaign)
    elsewhere = put(campaign, "../scratch/prop")
    (campaign.root / PROP).unlink()
    (campaign.root / PROP).symlink_to(elsewhere)
    with closed(elsewhere.parent):
        report = index(campaign)
        assert (report.found, list(report.unreadable)) == (17, [str(campaign.root / "A_a/prop/10")])
        assert status(campaign, PROP) == "unknown"


def test_a_changed_campaign_makes_no_work_of_what_it_cannot_read(read_campaign: Read) -> None:
    campaign = read_campaign(kinds=SMALL)
    fill(campaign)
    index(campaign)
    more = SMALL + '[kinds.prop2]\npath = "{ensemble}_{stream}/prop/{configuration}/prop2_{source}.lime"\n'
    with closed(campaign.root / "A_a/prop/10"):
        campaign = read_campaign(kinds=more)
        index(campaign)
    assert Counter(statuses(campaign, "prop").values()) == {"done": 14}
    assert Counter(statuses(campaign, "prop2").values()) == {"unknown": 4, "ready": 10}


def test_more_than_half_unreadable_is_not_more_than_half_gone(read_campaign: Read) -> None:
    campaign = read_campaign(kinds=SMALL)
    fill(campaign)
    index(campaign)
    with closed(campaign.root / "A_a"), closed(campaign.root / "A_b"), closed(campaign.root / "B_a"):
        report = index(campaign)
        assert (report.found, len(report.unreadable)) == (18, 3)


def test_a_root_that_cannot_be_read_leaves_the_books_as_they_are(read_campaign: Read) -> None:
    campaign = read_campaign(kinds=SMALL)
    fill(campaign)
    index(campaign)
    before = books(campaign)
    with closed(campaign.root), pytest.raises(LatteboardError, match=f"the root cannot be read: {DENIED}"):
        index(campaign, accept_empty=True)
    assert books(campaign) == before


def test_an_unknown_folder_that_cannot_be_read_is_only_looked_for_on_request(read_campaign: Read) -> None:
    campaign = read_campaign(kinds=SMALL)
    put(campaign, CFG)
    put(campaign, "private/diary.txt")
    with closed(campaign.root / "private"):
        assert index(campaign).unreadable == {}
        assert index(campaign, strays=True).unreadable == {str(campaign.root / "private"): DENIED}


def test_a_file_whose_content_cannot_be_read_is_said_to_be_so(read_campaign: Read) -> None:
    campaign = read_campaign()
    path = paths_of(campaign, "average")[0]
    with closed(put(campaign, path)):
        index(campaign)
        assert status(campaign, path) == "done"
        index(campaign, deep=True)
        assert only(campaign, path).problem == f"cannot be read: {DENIED}"
    index(campaign, deep=True)
    assert only(campaign, path).problem == "not an HDF5 file"


def test_the_command_names_the_first_folder_and_ends_with_1(read_campaign: Read) -> None:
    campaign = read_campaign(kinds=SMALL, archives="")
    fill(campaign)
    for folder in ("A_a/prop/10", "B_a"):
        (campaign.root / folder).chmod(0)
    try:
        made = spawn("--campaign", campaign.path, "index", "--json", preexec_fn=drop_rights)
    finally:
        for folder in ("B_a", "A_a/prop/10"):
            (campaign.root / folder).chmod(0o755)
    assert made.returncode == 1
    assert made.stderr == (
        f"latteboard: {campaign.root}/A_a/prop/10: {DENIED}. 2 folders could not be read: what was known of them stays, "
        "the rest is unknown. See: select * from unreadable\n"
    )
    assert '"expected": 18, "found": 11' in made.stdout


def test_a_catalog_in_a_folder_without_rights_is_one_line(read_campaign: Read) -> None:
    campaign = read_campaign(kinds=SMALL)
    fill(campaign)
    index(campaign)
    before = books(campaign)
    with closed(campaign.path.parent, 0o500), pytest.raises(LatteboardError, match=f"cannot be written: {DENIED}"):
        index(campaign)
    put(campaign, PROP, size=3)
    with (
        closed(Path(campaign.catalog), 0o400),
        pytest.raises(LatteboardError, match="readonly database; nothing was changed"),
    ):
        index(campaign, at=START + MINUTE)
    with closed(Path(campaign.catalog)), without_rights(), pytest.raises(LatteboardError, match="unable to open"):
        Catalog(campaign.catalog)
    assert books(campaign) == before
