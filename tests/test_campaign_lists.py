"""Lists of configurations and sources: what they say, and which line is wrong."""

import os
from pathlib import Path

import pytest

from latteboard.campaign.lists import Lists, number_range
from latteboard.campaign.tables import ListFile
from latteboard.errors import CampaignError
from latteboard.names.templates import Source


def numbers(stated: str | list[int]) -> list[int]:
    return Lists(Path()).configurations(stated)


def test_a_range_includes_its_end_if_it_is_on_the_grid() -> None:
    assert numbers("300:312:6") == [300, 306, 312]
    assert numbers("300:317:6") == [300, 306, 312]
    assert numbers("1:3") == [1, 2, 3]
    assert numbers("7:7:100") == [7]
    assert len(numbers("300:5000:6")) == 784


def test_configurations_are_ascending_and_each_stands_once() -> None:
    assert numbers([20, 10, -5]) == [-5, 10, 20]
    with pytest.raises(CampaignError, match="expected each configuration once, found 20 twice"):
        numbers([20, 10, 20, -5])


def test_a_list_that_is_no_file_or_far_too_large_is_not_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo.lst")
    with (tmp_path / "huge.lst").open("wb") as huge:
        huge.truncate(300_000_000)
    for name, reason in (
        ("fifo.lst", "is no regular file"),
        ("/dev/zero", "is no regular file"),
        ("huge.lst", "has 300.0 MB"),
    ):
        with pytest.raises(CampaignError, match=reason):
            Lists(tmp_path).sources(ListFile(file=name))


def test_a_list_that_many_ensembles_name_is_parsed_once(tmp_path: Path) -> None:
    (tmp_path / "src.lst").write_text("10 0 0 0 0\n")
    (tmp_path / "times.lst").write_text("10 16\n10 0\n")
    lists = Lists(tmp_path)
    assert lists.sources(ListFile(file="src.lst")) is lists.sources(ListFile(file="./src.lst"))
    assert lists.table("times.lst", ("configuration", "t")) is lists.table("times.lst", ("configuration", "t"))
    assert lists.table("times.lst", ("configuration", "u")) is not lists.table("times.lst", ("configuration", "t"))
    (tmp_path / "src.lst").unlink()
    assert lists.configurations(ListFile(file="times.lst")) == [10]
    assert lists.sources(ListFile(file="src.lst")) == {10: [Source(0, 0, 0, 0)]}


def test_the_first_number_of_each_line_is_a_configuration(tmp_path: Path) -> None:
    (tmp_path / "cfg.lst").write_text("# number trajectory\n505 2525\n\n500 2500  # the first\n505 9 9 9 9\n  510\n")
    assert Lists(tmp_path).configurations(ListFile(file="cfg.lst")) == [500, 505, 510]


@pytest.mark.parametrize(
    "text",
    ["", "300", "300:", "a:b", "1:2:3:4", "1.5:3", "5:1", "1:5:0", "1:5:-1", "0:99999999999", "3_00:5000:6", "1:1_0"],
)
def test_a_range_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(CampaignError, match=r"expected .* found"):
        number_range(text)


def test_sources_keep_the_order_of_their_list(tmp_path: Path) -> None:
    (tmp_path / "src.lst").write_text("\ufeff10 3 0 0 1\n20 1 1 1 1\n10 0 1 2 3 # another\n\n")
    assert Lists(tmp_path).sources(ListFile(file="src.lst")) == {
        10: [Source(3, 0, 0, 1), Source(0, 1, 2, 3)],
        20: [Source(1, 1, 1, 1)],
    }


@pytest.mark.parametrize(
    "line",
    [
        "10 1 2 3",
        "10 1 2 3 4 5",
        "10 1 2 3 t4",
        "x1y2z3t4",
        "10 1.0 2 3 4",
        "10, 1, 2, 3, 4",
        "1_0 1 2 3 4",
        "10 1 2 3 1_1",
    ],
)
def test_a_bad_line_is_named_with_its_number(tmp_path: Path, line: str) -> None:
    (tmp_path / "src.lst").write_text(f"# sources\n10 0 0 0 0\n{line}\n")
    with pytest.raises(CampaignError, match=r"src\.lst line 3: expected five whole numbers") as caught:
        Lists(tmp_path).sources(ListFile(file="src.lst"))
    assert repr(line) in str(caught.value)


def test_digits_may_be_of_any_script(tmp_path: Path) -> None:
    (tmp_path / "src.lst").write_text("1\u0660 1 2 3 \u0661\u0662\n", encoding="utf-8")
    assert Lists(tmp_path).sources(ListFile(file="src.lst")) == {10: [Source(1, 2, 3, 12)]}


def test_an_underscore_in_a_configuration_number_is_named(tmp_path: Path) -> None:
    (tmp_path / "cfg.lst").write_text("500 run_1  # only the first word is a number\n5_05\n")
    with pytest.raises(CampaignError, match=r"cfg\.lst line 2: expected a configuration number first, found '5_05'"):
        Lists(tmp_path).configurations(ListFile(file="cfg.lst"))


def test_a_line_without_a_number_first_is_named(tmp_path: Path) -> None:
    (tmp_path / "cfg.lst").write_text("500\nend\n")
    with pytest.raises(CampaignError, match=r"cfg\.lst line 2: expected a configuration number first, found 'end'"):
        Lists(tmp_path).configurations(ListFile(file="cfg.lst"))


def test_an_empty_list_is_refused(tmp_path: Path) -> None:
    (tmp_path / "cfg.lst").write_text("# none yet\n")
    with pytest.raises(CampaignError, match="at least one configuration"):
        Lists(tmp_path).configurations(ListFile(file="cfg.lst"))


def test_what_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "binary.lst").write_bytes(b"\x89HDF\xff\xfe")
    for name, reason in (
        ("binary.lst", "is not text"),
        ("none.lst", "No such file"),
        (".", "is a folder; expected a file"),
    ):
        with pytest.raises(CampaignError, match=reason) as caught:
            Lists(tmp_path).sources(ListFile(file=name))
        assert str(tmp_path) in str(caught.value)
