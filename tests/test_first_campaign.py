"""docs/first-campaign.md, followed step by step as a newcomer does: its commands print what it shows."""

from pathlib import Path

from guide import GUIDE, STEP, followed
from readme import sessions, settled


def test_the_guide_shows_what_its_commands_print(tmp_path: Path) -> None:
    text = GUIDE.read_text(encoding="utf-8")
    assert settled(followed(text, tmp_path)) == settled(text), "renew it with: make readme"
    assert (tmp_path / "site" / "index.html").exists()


def test_every_command_of_the_guide_answers() -> None:
    commands = list(sessions(GUIDE.read_text(encoding="utf-8")))
    assert len(commands) > 6
    assert [command for command, output in commands if not output] == []


def test_the_guide_has_steps_of_each_sort() -> None:
    assert {step["sort"] for step in STEP.finditer(GUIDE.read_text(encoding="utf-8"))} == {"sh", "toml", "console"}
