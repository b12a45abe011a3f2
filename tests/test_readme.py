"""README says what is true: its commands, answers and tables are compared with what they give now."""

import contextlib
import doctest
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from markers import marked
from readme import README, TABLES, TOP, make_demo, output_of, sessions, settled, with_questions

TEXT = README.read_text(encoding="utf-8")
SHOWN = list(sessions(TEXT))


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_demo(tmp_path_factory.mktemp("readme"))


@pytest.fixture
def in_demo(demo: Path) -> Iterator[Path]:
    with contextlib.chdir(demo):
        yield demo


@pytest.mark.parametrize(("command", "shown"), SHOWN, ids=[command[:60] for command, _ in SHOWN])
def test_a_command_prints_what_readme_shows(command: str, shown: str, in_demo: Path) -> None:
    assert settled(output_of(command)) == settled(shown)


def test_readme_shows_at_least_six_questions_in_sql() -> None:
    questions = [command for command, _ in SHOWN if command.startswith("sqlite-utils")]
    assert len(set(questions)) >= 6
    assert all("select" in question for question in questions)


def test_readme_and_the_data_dictionary_ask_the_same_questions() -> None:
    assert with_questions(TEXT) == TEXT, "renew it with: make readme"
    assert with_questions(TEXT.replace("from stray order by path", "from stray")) == TEXT


def test_the_python_session_gives_what_readme_shows(in_demo: Path) -> None:
    blocks = re.findall(r"^```pycon\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)
    session = doctest.DocTestParser().get_doctest("\n".join(blocks), {}, "README", str(README), 0)
    told: list[str] = []
    result = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE).run(session, out=told.append)
    assert result.attempted > 5
    assert result.failed == 0, "".join(told)


@pytest.mark.parametrize("name", list(TABLES))
def test_a_generated_table_is_up_to_date(name: str) -> None:
    assert marked(TEXT, name) == TABLES[name](), "renew it with: make readme"


def test_every_command_is_told_about_outside_the_table_too() -> None:
    from latteboard.cli import cli

    rest = TEXT.replace(marked(TEXT, "commands"), "")
    assert [name for name in cli.commands if not re.search(rf"(latteboard|make) (\S+ )*{name}\b", rest)] == []


def test_what_is_said_not_to_be_there_yet_is_not_there() -> None:
    from latteboard.cli import cli

    section = TEXT.partition("## Not there yet")[2].partition("\n## ")[0]
    named = set(re.findall(r"^\* ((?:`\w+`(?:, )?)+)", section, re.MULTILINE))
    commands = {name for names in named for name in re.findall(r"\w+", names)}
    assert {"watch", "tasks", "purge"} <= commands
    assert commands.isdisjoint(cli.commands)


def test_every_file_and_target_that_readme_names_is_there() -> None:
    links = [link for link in re.findall(r"\]\(([^)#]+)\)", TEXT) if "://" not in link]
    assert links
    assert [link for link in links if not (TOP / link).exists()] == []
    targets = set(re.findall(r"^(\w+):.*##", (TOP / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"(?:^|`|\$ )make (\w+)", TEXT, re.MULTILINE)) <= targets


def test_the_exit_codes_are_those_that_readme_states(in_demo: Path) -> None:
    from click.testing import CliRunner

    from latteboard.cli import cli
    from latteboard.errors import LatteboardError

    def outcome(*arguments: str) -> int | type[BaseException]:
        done = CliRunner().invoke(cli, arguments)
        return type(done.exception) if isinstance(done.exception, LatteboardError) else done.exit_code

    assert outcome("status") == 0
    assert outcome("status", "--by", "colour").__base__ is LatteboardError  # main makes it a line and exit 1
    assert outcome("status", "--colour") == 2
    assert outcome("watch") == 2


def test_an_output_that_is_not_as_shown_is_found() -> None:
    text = "```console\n$ a b \\\n    c\none\ntwo\n\n$ d\n```\n"
    assert list(sessions(text)) == [("a b c", "one\ntwo"), ("d", "")]
    assert settled("as of 2026-01-02T03:04:05+00:00, 0.2 s, 12") == settled("as of 2025-01-02T03:04:05Z, 11.0 s, 12")
    assert settled("1 file") != settled("2 files")


def test_a_program_that_nobody_checks_is_refused() -> None:
    assert isinstance(output_of("latteboard --version"), str)
    with pytest.raises(AssertionError, match="nobody checks"):
        output_of("rm -rf x")
