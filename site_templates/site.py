"""The pages of a site, and the questions to the catalog that each of them needs."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from latteboard.campaign import Campaign
from latteboard.catalog import Catalog
from latteboard.catalog.questions.columns import kind_columns
from latteboard.catalog.questions.contents import axes, private_names, streams, views
from latteboard.catalog.questions.counts import status_rows
from latteboard.catalog.questions.history import merge_places, timeline
from latteboard.catalog.questions.left_out import left_out_artifacts
from latteboard.catalog.questions.map_layers import layers
from latteboard.catalog.questions.problems import claims, problem_groups, strays, unreadable_folders
from latteboard.catalog.questions.root_causes import causes
from latteboard.catalog.questions.roots import purgeable_below
from latteboard.catalog.questions.unarchived import unarchived_files
from latteboard.errors import OutputRefused
from latteboard.files.locks import Holder
from latteboard.status.states import RULES
from site_templates.pages.dictionary import dictionary
from site_templates.pages.history import history
from site_templates.pages.kind import kind_table
from site_templates.pages.map import map_of
from site_templates.pages.overview import overview
from site_templates.pages.problems import problems
from site_templates.pages.purge import purge
from site_templates.writing.build import build
from site_templates.writing.page import Frame, Page
from site_templates.writing.redact import NOTHING_HIDDEN, Redaction, redaction

RULE_TEXTS = {status.name: rule for status, rule in RULES.items()}


def build_site(
    catalog: Catalog,
    out: Path,
    *,
    campaign: Campaign,
    redact: bool = False,
    waiting: Callable[[Holder], None] = lambda _: None,
) -> Path:
    """Render the pages of a catalog into ``out``; return the path of the first page.

    Parameters
    ----------
    campaign : current campaign of the catalog, for recipes, sizes, parameters and lattices, which the catalog does not keep
    redact : hide the place of the campaign, and the names of machines and people
    waiting : called once with the holder of the lock, if another process writes these pages
    """
    # Statuses are those of the last index: a campaign that changed since would describe other artifacts.
    catalog.require(campaign)
    _refuse_production(out, campaign)
    hide = redaction(private_names(catalog), campaign.path) if redact else NOTHING_HIDDEN
    frame = Frame(hide(catalog.campaign_name()), catalog.indexed_at(), list(catalog.kinds), _streams(catalog))
    pages = map(hide.page, _pages(catalog, campaign, hide))
    return build(frame, pages, out, inspect=hide.inspect, waiting=waiting)


def _refuse_production(out: Path, campaign: Campaign) -> None:
    """Refuse to write pages among the files of the production, where the next index would count them as strays."""
    for root in campaign.roots:
        if out.resolve().is_relative_to(root.path.resolve()):
            raise OutputRefused(
                f"{out}: inside the root {root.stated} of the campaign, which is for files of the production; name another folder"
            )


def _pages(catalog: Catalog, campaign: Campaign, hide: Redaction) -> Iterator[Page]:
    """Yield the pages one at a time, so that memory holds the rows of one kind, not of all."""
    yield _overview(catalog, campaign)
    yield _problems(catalog)
    yield _purge(catalog)
    yield _dictionary(catalog, campaign)
    yield from _tables(catalog, hide)
    yield from _maps(catalog)
    yield _history(catalog)


def _overview(catalog: Catalog, campaign: Campaign) -> Page:
    purgeable = sum(row["purgeable_bytes"] for row in catalog.totals())
    stated = campaign.table
    told: dict[str | None, str] = {n: one.description for n, one in stated.ensembles.items() if one.description}
    if stated.campaign.description:
        told[None] = stated.campaign.description
    return overview(catalog.indexed_at(), status_rows(catalog), RULE_TEXTS, purgeable, told)


def _problems(catalog: Catalog) -> Page:
    return problems(
        problem_groups(catalog), causes(catalog), strays(catalog), unreadable_folders(catalog), claims(catalog)
    )


def _purge(catalog: Catalog) -> Page:
    return purge(catalog.totals(), unarchived_files(catalog), catalog.kinds, purgeable_below(catalog))


def _dictionary(catalog: Catalog, campaign: Campaign) -> Page:
    return dictionary(catalog.kinds, streams(catalog), axes(catalog), views(catalog), RULE_TEXTS, campaign)


def _streams(catalog: Catalog) -> list[tuple[str | None, str | None]]:
    """Return the ensemble and stream of every map, as far as files name them.

    Where no files of an ensemble name a stream, it has one map. What names less than other files do has no map of its own:
    it is shown in all of theirs.
    """
    named = [(row["ensemble"], row["stream"]) for row in status_rows(catalog, ("ensemble", "stream"))]
    return [one for one in named if not any(other != one and _is_within(other, one) for other in named)]


def _is_within(one: Sequence[str | None], other: Sequence[str | None]) -> bool:
    return all(wanted in (None, value) for value, wanted in zip(one, other, strict=True))


def _tables(catalog: Catalog, hide: Redaction) -> Iterator[Page]:
    """Yield the page of each kind; its texts are redacted before they are packed."""
    # The blocking kind of a row is stored by its number.
    names = {model.id: model.name for model in catalog.kinds.values()}
    for kind in catalog.kinds:
        yield kind_table(hide.within(kind_columns(catalog, kind)), names, left_out_artifacts(catalog, kind))


def _maps(catalog: Catalog) -> Iterator[Page]:
    """Yield all maps."""
    without_configuration = [
        row for row in status_rows(catalog) if "configuration" not in catalog.kinds[row["kind"]].coordinates
    ]
    for ensemble, stream in _streams(catalog):
        own = [row for row in without_configuration if _is_within((ensemble, stream), (row["ensemble"], row["stream"]))]
        place = {name: text for name, text in (("ensemble", ensemble), ("stream", stream)) if text is not None}
        yield map_of(ensemble, stream, layers(catalog, place), own)


def _history(catalog: Catalog) -> Page:
    """Return the page of history, all ensembles together."""
    return history(merge_places(timeline(catalog)))
