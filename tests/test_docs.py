"""The documents beside README are true as far as a program can tell: tables, links, files and targets that they name."""

import ast
import re
from pathlib import Path

import pytest
from markers import marked
from readme import STATUSES, TOP, statuses

from reducer.correlators.conventions import BARYONS, MESONS

DOCUMENTS = [TOP / "README.md", TOP / "CONTRIBUTING.md", *sorted((TOP / "docs").glob("*.md"))]
TEXTS = {path.relative_to(TOP).as_posix(): path.read_text(encoding="utf-8") for path in DOCUMENTS}
LINK = re.compile(r"\]\(([^)\s]+)\)")
# Folders and files of the house, as they stand in the text: `latteboard/status/`, `tests/test_house.py`.
NAMED = re.compile(r"`((?:latteboard|indexer|reducer|site_templates|tests|docs|campaigns)/[\w./-]*)`")


def anchors(text: str) -> set[str]:
    """The anchors that the headings of a text have on the pages of code hosts."""
    headings = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def broken(path: Path, text: str) -> list[str]:
    """Links of a document that lead nowhere."""
    found = []
    for link in LINK.findall(text):
        file, _, anchor = link.partition("#")
        target = (path.parent / file).resolve() if file else path
        if "://" in link:
            continue
        if not target.exists() or (anchor and anchor not in anchors(target.read_text(encoding="utf-8"))):
            found.append(link)
    return found


@pytest.mark.parametrize("path", DOCUMENTS, ids=list(TEXTS))
def test_every_link_leads_somewhere(path: Path) -> None:
    assert broken(path, path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("name", TEXTS)
def test_every_file_that_a_document_names_is_there(name: str) -> None:
    assert [path for path in NAMED.findall(TEXTS[name]) if not (TOP / path).exists()] == []


@pytest.mark.parametrize("name", TEXTS)
def test_every_target_that_a_document_names_is_there(name: str) -> None:
    targets = set(re.findall(r"^(\w+):.*##", (TOP / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"(?:^|`)make (\w+)", TEXTS[name], re.MULTILINE)) <= targets


def test_readme_leads_to_every_document() -> None:
    assert [name for name in TEXTS if name != "README.md" and f"]({name})" not in TEXTS["README.md"]] == []


def test_the_table_of_statuses_is_that_of_the_program() -> None:
    assert marked(STATUSES.read_text(encoding="utf-8"), "statuses") == statuses(), "renew it with: make readme"


def test_the_particles_that_a_document_lists_are_those_of_the_program() -> None:
    rows = re.findall(r"^\| (baryons|mesons) \| (.*) \|$", TEXTS["docs/reducer.md"], re.MULTILINE)
    listed = {name: frozenset(re.findall(r"`(\w+)`", names)) for name, names in rows}
    assert listed == {"baryons": BARYONS, "mesons": MESONS}


def sentences(path: Path) -> list[str]:
    """The texts of a program, with ``...`` for what is filled in."""
    found = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.JoinedStr):
            found.append("".join(part.value if isinstance(part, ast.Constant) else "..." for part in node.values))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            found.append(node.value)
    return found


def test_every_refusal_that_a_document_explains_is_one_of_the_program() -> None:
    files = (*TOP.glob("reducer/**/*.py"), *TOP.glob("latteboard/files/*.py"))
    program = "\n".join(text for path in files for text in sentences(path))
    _, _, table = TEXTS["docs/reducer.md"].partition("| says | because | do |")
    told = re.findall(r"^\| `([^`]+)` \|", table, re.MULTILINE)
    assert len(told) > 8
    assert [text for text in told if text not in program] == []


def test_a_link_that_leads_nowhere_is_found(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("# One thing, and another\n")
    text = "[a](a.md) [b](b.md) [c](a.md#one-thing-and-another) [d](a.md#two) [e](https://example.org)"
    assert broken(tmp_path / "c.md", text) == ["b.md", "a.md#two"]
