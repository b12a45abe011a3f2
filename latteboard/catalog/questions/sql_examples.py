"""Example questions in SQL, as README and the data dictionary show them."""

from dataclasses import dataclass

from latteboard.catalog.dialects.sqlite import quoted_name, quoted_text


@dataclass(frozen=True)
class Example:
    """Names of the campaign at hand that the questions are about.

    Attributes
    ----------
    kind : one that names ensemble and configuration
    things : its files in words
    narrowed : a further condition, or nothing
    """

    ensemble: str
    kinds: tuple[str, ...]
    kind: str
    things: str
    narrowed: str = ""


@dataclass(frozen=True)
class Question:
    """A question in words and in SQL, laid out in lines."""

    words: str
    sql: str


_QUESTIONS = (
    Question(
        "How far are we?",
        """select kind, sum(number) as expected,
sum(number) filter (where status = 'done') as done from progress
where ensemble = {ensemble} and kind in ({kinds}) group by kind""",
    ),
    Question(
        "What holds us up most?",
        """select kind, blocked_by, count(*) as number from missing
where status = 'blocked' group by kind, blocked_by order by number desc, kind, blocked_by limit 5""",
    ),
    Question(
        "Which configurations still lack {things}?",
        """select configuration, count(*) as expected, sum(status = 'done') as done
from {kind} where ensemble = {ensemble}{narrowed} group by configuration having done < expected""",
    ),
    Question(
        "What is wrong with our files?",
        """select kind, status, problem from problems where status in ('bad', 'stale')""",
    ),
    Question(
        "What may be deleted, and what does it free?",
        """select kind, count(*) as files, sum(size) / 1000 as kB from artifact
where purgeable group by kind order by kB desc""",
    ),
    Question(
        "Which files does nobody expect?",
        """select replace(path, rtrim(path, replace(path, '/', '')), '') as name, reason
from stray order by path""",
    ),
)


def questions(example: Example) -> list[Question]:
    """The questions in the names of a campaign."""
    names = {
        "ensemble": quoted_text(example.ensemble),
        "kinds": ", ".join(map(quoted_text, example.kinds)),
        "kind": quoted_name(example.kind),
        "things": example.things,
        "narrowed": example.narrowed,
    }
    return [Question(one.words.format(**names), one.sql.format(**names)) for one in _QUESTIONS]
