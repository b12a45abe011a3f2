"""What can be made now: a task for each output that is ready, planned in bulk from catalog and campaign."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from latteboard.campaign import Campaign
from latteboard.catalog import Catalog, Status
from latteboard.catalog.questions.conditions import parse_conditions
from latteboard.errors import QueryError
from latteboard.names.templates import Value
from reducer.links import Links
from reducer.planning.inputs import Inputs, paths_of
from reducer.recipes import Steps
from reducer.tasks.plan_file import Plan
from reducer.tasks.report import Failure
from reducer.tasks.task import Row, Task

Numbers = NDArray[np.int64]
# The conditions on the outputs of each kind, as :meth:`latteboard.catalog.Selection.filter` takes them.
Chosen = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True)
class Asked:
    """What is to be made beside what is ready.

    Attributes
    ----------
    stale : also what is there but out of date, from inputs that may be so themselves
    allow_missing : also concatenations of which some configurations are not there
    """

    stale: bool = False
    allow_missing: bool = False

    def lets_lack(self, steps: Steps) -> bool:
        """Whether an output of this recipe may be made though configurations are missing."""
        return self.allow_missing and steps.concatenate is not None


NOTHING_MORE = Asked()


def choose(campaign: Campaign, catalog: Catalog, words: Sequence[str]) -> dict[str, dict[str, Any]]:
    """The kinds, in the order of the production, that words such as ``KIND`` and ``NAME=VALUE`` mean, with the conditions.

    Without a kind these are all that have a recipe and, where conditions are stated, name their coordinates. Raises
    :class:`QueryError`.
    """
    catalog.require(campaign)
    names = [word for word in words if "=" not in word]
    conditions = [word for word in words if "=" in word]
    reduced = [name for name, kind in campaign.kinds.items() if kind.reduced]
    if not reduced:
        raise QueryError(f"{campaign.path}: no kind has a recipe; state one with reduce = [...]")
    for name in names:
        if name not in reduced:
            what = "has no recipe" if name in campaign.kinds else "is not a kind"
            raise QueryError(f"{name!r} {what}; those that have one: {', '.join(reduced)}")
    asked_for = {word.partition("=")[0] for word in conditions}
    chosen = [
        name for name in reduced if (name in names if names else asked_for <= set(campaign.kinds[name].coordinates))
    ]
    # Where no kind names all of them, the first that has a recipe says what may stand there.
    return {name: parse_conditions(catalog, name, conditions) for name in chosen or reduced[:1]}


def levels(campaign: Campaign, chosen: Chosen) -> list[dict[str, Mapping[str, Any]]]:
    """The chosen kinds, level by level: those of one level are made of nothing that the same or a later level makes."""
    depths: dict[str, int] = {}
    for name, kind in campaign.kinds.items():
        depths[name] = max((depths[need] + (need in chosen) for need in kind.needs), default=0)
    numbers = sorted({depths[name] for name in chosen})
    return [{name: chosen[name] for name in chosen if depths[name] == number} for number in numbers]


def following(campaign: Campaign, chosen: Chosen, kinds: Collection[str]) -> list[str]:
    """The chosen kinds that may become ready once all of these ``kinds`` are made."""
    further: set[str] = set()
    for name, kind in campaign.kinds.items():
        if any(need in kinds or need in further for need in kind.needs):
            further.add(name)
    return [name for name in chosen if name in further]


def what_next(catalog: Catalog, chosen: Chosen, asked: Asked) -> str:
    """What somebody can do for whom nothing is ready."""
    counts: Counter[str] = Counter()
    for row in catalog.totals():
        counts[row["status"]] += row["number"] if row["kind"] in chosen else 0
    told = ["nothing is ready to be made"]
    if counts["stale"] and not asked.stale:
        told.append(f"{counts['stale']:,} are stale: --stale makes them again")
    if counts["blocked"] or counts["recall"]:
        told.append(f"{counts['blocked'] + counts['recall']:,} wait for inputs, as latteboard why says of each")
    if counts["claimed"]:
        told.append(f"{counts['claimed']:,} are claimed")
    return "; ".join(told if told[1:] else [*told, f"{counts['done']:,} are done"]) + f" (as of {catalog.indexed_at()})"


def plan(campaign: Campaign, catalog: Catalog, chosen: Chosen, asked: Asked = NOTHING_MORE) -> Plan:
    """The tasks of the chosen kinds as of the last index, kind by kind in the order of ``chosen``, each in canonical order.

    Raises :class:`latteboard.errors.CatalogError` if the campaign changed since.
    """
    catalog.require(campaign)
    planned = Plan(campaign.name, campaign.root)
    for kind, conditions in chosen.items():
        steps = Steps.read(campaign.kinds[kind].table.reduce)
        statuses = _asked_for(steps, asked)
        found = catalog[kind].filter(**conditions, status=list(statuses)).statuses()
        if found:
            part = _Part(campaign, catalog, kind, steps, found, asked)
            planned.parts.append(part)
            planned.failed += part.failed
    planned.failed.sort()
    return planned


def _asked_for(steps: Steps, asked: Asked) -> Iterator[Status]:
    """The statuses of outputs that may be made."""
    yield Status.ready
    if asked.stale:
        yield Status.stale
    if asked.lets_lack(steps):
        yield from (Status.blocked, Status.recall)


class _Part:
    """The tasks of one kind."""

    def __init__(
        self,
        campaign: Campaign,
        catalog: Catalog,
        kind: str,
        steps: Steps,
        found: Mapping[int, Status],
        asked: Asked,
    ) -> None:
        """``found`` are the outputs that may be made: ids and statuses."""
        self._campaign, self._kind, self._steps = campaign, kind, steps
        (need,) = campaign.kinds[kind].needs
        ids = np.array(list(found), dtype=np.int64)
        outputs = catalog.facts(campaign, kind).rows_of(ids)
        order = np.argsort(outputs)
        outputs, statuses = outputs[order], np.array(list(found.values()))[order]
        facts = catalog.facts(campaign, need)
        usable = [Status.done, Status.stale] if asked.stale else [Status.done]
        self._links = Links.of(campaign, kind, need, outputs)
        self._there = np.isin(facts.statuses[self._links.inputs], usable)
        self._inputs = Inputs(campaign, kind, need, facts, self._links.inputs)
        self._whole = _sums(~self._there, self._links.row_starts) == 0
        number = _sums(np.ones_like(self._whole), self._links.list_starts)[self._links.list_of]
        whole = _sums(self._whole, self._links.list_starts)[self._links.list_of]
        makeable = (whole > 0) & ((whole == number) | asked.lets_lack(steps))
        self._outputs, self._lists = outputs[makeable], self._links.list_of[makeable]
        self._is_stale = statuses[makeable] == Status.stale
        # What is blocked was asked for only if something of it is there.
        hopeless = ~makeable & np.isin(statuses, [Status.ready, Status.stale])
        self.failed = self._failures(outputs[hopeless], self._links.list_of[hopeless])

    def __len__(self) -> int:
        return len(self._outputs)

    def __iter__(self) -> Iterator[Task]:
        expected = self._campaign.expected(self._kind)
        paths = paths_of(expected, self._outputs)
        columns = (self._outputs.tolist(), self._lists.tolist(), self._is_stale.tolist())
        for path, output, number, is_stale in zip(paths, *columns, strict=True):
            rows, lacking = self._rows(number, expected.coordinates(output))
            yield Task(self._kind, path, self._steps, rows, lacking, replace=is_stale)

    def _rows(self, number: int, made: Mapping[str, Value]) -> tuple[tuple[Row, ...], tuple[str, ...]]:
        """The rows of an output with the coordinates ``made``, and which configurations it lacks."""
        rows, lacking = [], []
        links = self._links
        for row in range(*links.list_starts[number : number + 2].tolist()):
            stream = self._value("stream", int(links.streams[row]))
            configuration = self._value("configuration", int(links.configurations[row]))
            if not self._whole[row]:
                lacking.append("/".join(str(value) for value in (stream, configuration) if value is not None))
                continue
            places = self._inputs.places(links.inputs[slice(*links.row_starts[row : row + 2])])
            inputs = tuple(self._inputs.input(place, made) for place in places)
            rows.append(Row(inputs, configuration, stream))
        return tuple(rows), tuple(lacking)

    def _value(self, name: str, code: int) -> Any:
        return None if code < 0 else self._campaign.values_of(name)[code]

    def _failures(self, outputs: Numbers, lists: Numbers) -> list[Failure]:
        """What was asked for and cannot be made, with the first input that is missing."""
        paths = paths_of(self._campaign.expected(self._kind), outputs)
        return [Failure(path, self._reason(number)) for path, number in zip(paths, lists.tolist(), strict=True)]

    def _reason(self, number: int) -> str:
        first, last = self._links.list_starts[number : number + 2]
        here = slice(*self._links.row_starts[[first, last]])
        lacking = self._links.inputs[here][~self._there[here]]
        path = self._inputs.path(int(lacking[0]))
        hint = "; --allow-missing joins what is there" if self._steps.concatenate is not None else ""
        return f"{len(lacking):,} of its {here.stop - here.start:,} inputs are not there, first {path}{hint}"


def _sums(values: NDArray[np.bool_], starts: Numbers) -> Numbers:
    """How many are true in each of the stretches that ``starts`` bounds."""
    before = np.append(0, np.cumsum(values))
    sums: Numbers = before[starts[1:]] - before[starts[:-1]]
    return sums
