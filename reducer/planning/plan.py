"""Plans: a task for each output that can be made now, drawn up in bulk from catalog and campaign."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from latteboard.campaign import Campaign
from latteboard.catalog import Catalog, Status
from latteboard.names.templates import Value
from latteboard.recipe import Recipe
from reducer.planning.choice import READY_ONLY, Choice, ReduceOptions, choose, following
from reducer.planning.input_lists import InputLists
from reducer.planning.inputs import InputBuilders, Locations, paths_of
from reducer.planning.left_out import left_out_inputs
from reducer.tasks.plan_file import Plan
from reducer.tasks.report import Failure
from reducer.tasks.task import Physics, Row, Task

Numbers = NDArray[np.int64]


def plan_campaign(campaign: Campaign, words: Sequence[str], options: ReduceOptions) -> tuple[Plan, list[str]]:
    """Plan the outputs that can be made now; and name the kinds that may become ready once they are made.

    ``words`` are ``KIND`` and ``NAME=VALUE``, as in :func:`reducer.planning.choice.choose`.
    """
    catalog = Catalog(campaign.catalog)
    choice = choose(campaign, catalog, words)
    planned = plan(campaign, catalog, choice, options)
    return planned, following(campaign, choice, {next(iter(part)).kind for part in planned.parts if len(part)})


def why_nothing(campaign: Campaign, words: Sequence[str], options: ReduceOptions) -> str:
    """Say in a line why nothing can be made now, and which commands help."""
    catalog = Catalog(campaign.catalog)
    return advice(catalog, choose(campaign, catalog, words), options)


def advice(catalog: Catalog, choice: Choice, options: ReduceOptions) -> str:
    """Say in a line how many outputs of the chosen kinds are not ready, and which commands help."""
    counts: Counter[str] = Counter()
    for row in catalog.totals():
        counts[row["status"]] += row["number"] if row["kind"] in choice else 0
    parts = ["nothing is ready to be made"]
    if counts["stale"] and not options.stale:
        parts.append(f"{counts['stale']:,} are stale: --stale makes them again")
    if counts["blocked"] or counts["recall"]:
        parts.append(f"{counts['blocked'] + counts['recall']:,} wait for inputs, as latteboard why says of each")
    if counts["claimed"]:
        parts.append(f"{counts['claimed']:,} are claimed")
    return (
        "; ".join(parts if parts[1:] else [*parts, f"{counts['done']:,} are done"]) + f" (as of {catalog.indexed_at()})"
    )


def plan(campaign: Campaign, catalog: Catalog, choice: Choice, options: ReduceOptions = READY_ONLY) -> Plan:
    """Plan the outputs of the chosen kinds as of the last index: kind by kind in the order of ``choice``.

    The outputs of a kind stand in canonical order.

    Raises
    ------
    CatalogError : the campaign changed since the last index.
    """
    catalog.require(campaign)
    planned = Plan(campaign.name, campaign.root)
    for kind, conditions in choice.items():
        recipe = Recipe.read(campaign.kinds[kind].table.reduce)
        statuses = list(_statuses(recipe, options))
        found = catalog[kind].filter(**conditions, status=statuses).statuses()
        if found:
            part = KindTasks(campaign, catalog, kind, recipe, found, options)
            planned.parts.append(part)
            planned.failed += part.failed
    planned.failed.sort()
    return planned


def _statuses(recipe: Recipe, options: ReduceOptions) -> Iterator[Status]:
    """The statuses of outputs that may be made."""
    yield Status.ready
    if options.stale:
        yield Status.stale
    if options.allows_gaps(recipe):
        yield from (Status.blocked, Status.recall)


class KindTasks:
    """The tasks of one kind, each built when it is asked for.

    Attributes
    ----------
    failed : the outputs that were asked for and cannot be made
    """

    def __init__(
        self,
        campaign: Campaign,
        catalog: Catalog,
        kind: str,
        recipe: Recipe,
        found: Mapping[int, Status],
        options: ReduceOptions,
    ) -> None:
        """``found`` are the outputs that may be made: ids and statuses."""
        self._campaign, self._kind, self._recipe = campaign, kind, recipe
        needs = campaign.kinds[kind].needs
        ids = np.array(list(found), dtype=np.int64)
        own = catalog.facts(campaign, kind)
        outputs = own.rows_of(ids)
        order = np.argsort(outputs)
        outputs, statuses = outputs[order], np.array(list(found.values()))[order]
        facts = {need: catalog.facts(campaign, need) for need in needs}
        usable = [Status.done, Status.stale] if options.stale else [Status.done]
        self._lists = InputLists.collected(campaign, kind, needs, outputs)
        self._left_out = left_out_inputs(campaign, kind, outputs, self._lists.list_of)
        statuses_of_inputs = np.concatenate([one.statuses for one in facts.values()])
        self._available = np.isin(statuses_of_inputs[self._lists.inputs], usable)
        self._inputs = InputBuilders(campaign, kind, facts, np.unique(self._lists.inputs))
        # A row of which one input is missing is no row: a mean over fewer sources would be another quantity.
        self._whole = (_sums(~self._available, self._lists.row_starts) == 0) & self._has_all_kinds(len(needs))
        number = _sums(np.ones_like(self._whole), self._lists.list_starts)[self._lists.list_of]
        whole = _sums(self._whole, self._lists.list_starts)[self._lists.list_of]
        makeable = (whole > 0) & ((whole == number) | options.allows_gaps(recipe))
        self._outputs, self._list_of = outputs[makeable], self._lists.list_of[makeable]
        self._is_stale = statuses[makeable] == Status.stale
        self._places = own.places[self._outputs]
        # Blocked outputs were asked for only in so far as some of their rows are there.
        hopeless = ~makeable & np.isin(statuses, [Status.ready, Status.stale])
        self.failed = self._failures(outputs[hopeless], self._lists.list_of[hopeless])

    def __len__(self) -> int:
        return len(self._outputs)

    def __iter__(self) -> Iterator[Task]:
        expected = self._campaign.expected(self._kind)
        at = Locations(self._campaign, self._kind, self._outputs, self._places)
        columns = (self._outputs.tolist(), self._list_of.tolist(), self._is_stale.tolist())
        for position, (output, number, is_stale) in enumerate(zip(*columns, strict=True)):
            rows, lacking = self._rows(number, expected.coordinates(output))
            path, root, also = at.paths[position], at.root(position), at.also(position)
            left_out = self._left_out.get(number, ())
            task = Task(self._kind, path, self._recipe, rows, lacking, replace=is_stale, root=root, also=also)
            place = expected.coordinates(output)
            physics = self._physics(place.get("ensemble"), place.get("stream"))
            yield replace(task, left_out=left_out, physics=physics)

    @cache  # noqa: B019 few places, and it lives no longer than a plan
    def _physics(self, ensemble: Value | None, stream: Value | None) -> Physics:
        """What the campaign says of the inputs of outputs in one place; its extents if all streams there have the same."""
        extents = {
            (one.L, one.T)
            for one in self._campaign.streams
            if ensemble in (None, one.ensemble) and stream in (None, one.name)
        }
        L, T = extents.pop() if len(extents) == 1 else (None, None)
        particles = self._campaign.table.particles.items()
        baryons, mesons = (tuple(name for name, sort in particles if sort == one) for one in ("baryon", "meson"))
        return Physics(L, T, baryons, mesons)

    def _rows(self, number: int, coordinates: Mapping[str, Value]) -> tuple[tuple[Row, ...], tuple[str, ...]]:
        """The rows of an output of these coordinates, and the configurations that it lacks."""
        rows, lacking = [], []
        lists = self._lists
        for row in range(*lists.list_starts[number : number + 2].tolist()):
            stream = self._value("stream", int(lists.streams[row]))
            configuration = self._value("configuration", int(lists.configurations[row]))
            if not self._whole[row]:
                lacking.append("/".join(str(value) for value in (stream, configuration) if value is not None))
                continue
            inputs = self._inputs.inputs(lists.inputs[slice(*lists.row_starts[row : row + 2])], coordinates)
            rows.append(Row(tuple(inputs), configuration, stream))
        return tuple(rows), tuple(lacking)

    def _has_all_kinds(self, number: int) -> NDArray[np.bool_]:
        """Whether each row has inputs of all the needed kinds, of which there are so many."""
        kinds = self._inputs.kinds_of(self._lists.inputs)
        changes = np.append(False, kinds[1:] != kinds[:-1])
        changes[self._lists.row_starts[:-1]] = False
        has_all: NDArray[np.bool_] = _sums(changes, self._lists.row_starts) == number - 1
        return has_all

    def _value(self, name: str, code: int) -> Any:
        return None if code < 0 else self._campaign.values_of(name)[code]

    def _failures(self, outputs: Numbers, lists: Numbers) -> list[Failure]:
        """The failures of outputs that cannot be made, each with the first input that is missing."""
        paths = paths_of(self._campaign.expected(self._kind), outputs)
        return [Failure(path, self._reason(number)) for path, number in zip(paths, lists.tolist(), strict=True)]

    def _reason(self, number: int) -> str:
        first, last = self._lists.list_starts[number : number + 2]
        here = slice(*self._lists.row_starts[[first, last]])
        missing = self._lists.inputs[here][~self._available[here]]
        hint = "; --allow-missing joins what is there" if self._recipe.concatenate is not None else ""
        if not len(missing):
            lacks = last - first - self._whole[first:last].sum()
            return f"{lacks:,} of its {last - first:,} configurations are expected of some of the kinds in needs only{hint}"
        path = self._inputs.path(int(missing[0]))
        return f"{len(missing):,} of its {here.stop - here.start:,} inputs are not there, first {path}{hint}"


def _sums(values: NDArray[np.bool_], starts: Numbers) -> Numbers:
    """Count the true values in each of the stretches that ``starts`` bounds."""
    before = np.append(0, np.cumsum(values))
    sums: Numbers = before[starts[1:]] - before[starts[:-1]]
    return sums
