"""The parts of README and docs that the program knows better: outputs of commands, help texts, statuses, the benchmark.

``make readme`` runs this as a script and writes them anew; tests ask the same functions whether they are up to date.
"""

from __future__ import annotations

import contextlib
import json
import re
import shlex
import sys
import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import click

sys.path.insert(0, str(Path(__file__).parent.parent / "bench"))
import tables as benchmark
from markers import with_marked

TOP = Path(__file__).parent.parent.parent
README = TOP / "README.md"
STATUSES = TOP / "docs" / "statuses.md"
RESULTS = TOP / "tests" / "bench" / "results.json"
FENCE = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)
# What differs from one run to the next: the time of an index, and how long it took.
VARYING = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\+00:00|Z)?|\d+\.\d s\b")


def sessions(text: str) -> Iterator[tuple[str, str]]:
    """Every command that a text shows behind a ``$``, with the output that follows it."""
    for block in FENCE.findall(text):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, output = part.partition("\n")
            while command.endswith("\\"):
                more, _, output = output.partition("\n")
                command = command[:-1] + more.lstrip()
            yield command, output.strip("\n")


def output_of(command: str) -> str:
    """Run a command line of latteboard or sqlite-utils in the current folder, and return its output."""
    from click.testing import CliRunner

    program, *arguments = shlex.split(command)
    done = CliRunner().invoke(program_named(program), arguments)
    lines = [line.rstrip() for line in done.stdout.splitlines()]
    return "\n".join(lines).strip("\n")


def program_named(name: str) -> click.Command:
    """The command line of that name."""
    if name == "sqlite-utils":
        from sqlite_utils.cli import cli as sqlite_utils

        return sqlite_utils
    from latteboard.cli import cli

    assert name == "latteboard", f"README shows output of {name}, which nobody checks"
    return cli


def settled(text: str) -> str:
    """A text without what differs from one run to the next."""
    return VARYING.sub("...", text)


def make_demo(folder: Path) -> Path:
    """The demo, indexed at once: one file in it grows for ten minutes only. Returns the folder of its campaign."""
    from indexer.index import index_campaign
    from latteboard.campaign import Campaign
    from latteboard.demo import write_demo

    report = write_demo(folder / "demo")
    index_campaign(Campaign.read(report.campaign))
    return report.campaign.parent


# Tables


def commands() -> str:
    """Every command with its arguments, what it does, and its options."""
    from latteboard.cli import cli

    lines = ["| command | does | options |", "|---|---|---|"]
    for name, command in sorted(cli.commands.items()):
        context = click.Context(command)
        arguments = [one.make_metavar(context) for one in command.params if isinstance(one, click.Argument)]
        options = [option_text(one) for one in command.params if isinstance(one, click.Option)]
        usage = escaped(" ".join([name, *arguments]))
        lines.append(f"| `{usage}` | {command.get_short_help_str(200)} | {'<br>'.join(options)} |")
    return "\n".join(lines)


def option_text(option: click.Option) -> str:
    """An option in a cell of a table."""
    value = ""
    if isinstance(option.type, click.Choice):
        value = " " + "|".join(map(str, option.type.choices))
    elif not option.is_flag:
        value = f" {option.metavar or option.name.upper()}"
    names = "/".join([option.opts[0], *option.secondary_opts])
    return escaped(f"`{names}{value}` {option.help or ''}".strip())


def escaped(text: str) -> str:
    """Text in a cell of a table, where a bar would end the cell."""
    return text.replace("|", "\\|")


def statuses() -> str:
    """Table of the statuses and their rules."""
    from latteboard.status.states import RULES

    return "\n".join(["| status | rule |", "|---|---|", *(f"| `{one.name}` | {rule} |" for one, rule in RULES.items())])


def measured(name: str) -> str:
    """A table of the benchmark."""
    return benchmark.TABLES[name](json.loads(RESULTS.read_text()))


def with_questions(text: str) -> str:
    """A README that asks the demo what the package knows to ask, each question under its words."""
    from latteboard.catalog.questions.sql_examples import Example, questions

    demo = Example(
        ensemble="d12m400",
        kinds=("prop", "seqprop", "formfac_4D"),
        kind="formfac_4D",
        things="form factors at the shortest separation",
        narrowed=" and t_separation = 3",
    )
    for question in questions(demo):
        lines = question.sql.replace("\n", " \\\n    ")
        block = re.compile(rf"(?<=^{re.escape(question.words)}\n\n```console\n)\$ (?:.*\\\n)*.*$", re.MULTILINE)
        text, found = block.subn(lambda _, lines=lines: f'$ sqlite-utils catalog.db --table "{lines}"', text)
        assert found == 1, f"README asks {question.words!r} {found} times, expected once"
    return text


TABLES = {"commands": commands, "statuses": statuses, **{name: partial(measured, name) for name in benchmark.TABLES}}


def renewed(text: str) -> str:
    """A README with everything made anew; the current folder is that of a demo."""
    for name, make in TABLES.items():
        text = with_marked(text, name, make())
    text = with_questions(text)
    return FENCE.sub(lambda match: renewed_block(match.group(0)), text)


def renewed_block(block: str) -> str:
    """One block of commands with their outputs made anew; commands stay as they are written."""
    shown = re.findall(r"^\$ (?:.*\\\n)*.*$", block, re.MULTILINE)
    parts = []
    for typed, (command, before) in zip(shown, sessions(block), strict=True):
        after = output_of(command)
        # What differs in nothing but time stays, so that README does not change with every run.
        parts.append(f"{typed}\n{before if settled(before) == settled(after) else after}".rstrip())
    return "\n\n".join(["```console\n" + parts[0], *parts[1:]]) + "\n```"


def main() -> None:
    """Write README and the table of statuses anew."""
    with tempfile.TemporaryDirectory() as folder:
        demo = make_demo(Path(folder))
        with contextlib.chdir(demo):
            text = renewed(README.read_text(encoding="utf-8"))
    README.write_text(text, encoding="utf-8")
    told = with_marked(STATUSES.read_text(encoding="utf-8"), "statuses", statuses())
    STATUSES.write_text(told, encoding="utf-8")


if __name__ == "__main__":
    main()
