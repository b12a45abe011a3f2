"""The page of a kind: the table of all its artifacts."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from latteboard.catalog.questions.columns import KindColumns, Numbers, Texts
from latteboard.catalog.questions.left_out import LeftOutArtifact
from latteboard.names.templates import Choice, Field, Piece
from latteboard.status.states import Status
from site_templates.drawing.bars import ORDER
from site_templates.writing.data import Column, amount_column, data_script, encode, number_column
from site_templates.writing.links import kind_page
from site_templates.writing.page import Page

SCRIPTS = ("vendor/datatables.min.js", "store.js", "filter.js", "counts.js", "take.js", "table.js")
STYLES = ("table.css",)
# Columns beside the coordinates, in the order of the page; the path, which is long, comes last. The root is shown where there
# are several.
FACTS = ("status", "size", "modified", "problem", "blocked_by", "purgeable", "root", "path")
TEMPLATE = "place"  # a column that is not shown: of several templates the one that gives the path


MOST_LEFT_OUT = 200  # written out on the page


@dataclass(frozen=True)
class KindPage:
    """The content of the page around the table.

    Attributes
    ----------
    templates : templates of the paths, as the campaign states them
    needs : kinds that it is made from, each with the conditions in words; those of the leading kind, if it is made with another
    columns : names of the columns, each with a mark for columns of numbers
    left_out : artifacts that the campaign leaves out, the first of them: path and reason
    left_out_number : how many these are in all
    """

    kind: str
    description: str | None
    templates: Sequence[str]
    needs: Sequence[tuple[str, str]]
    made_with: str | None
    columns: Sequence[tuple[str, bool]]
    left_out: Sequence[tuple[str, str]]
    left_out_number: int


@dataclass(frozen=True)
class _Coordinate:
    """A coordinate of the table: its distinct numbers or codes, ascending, and for each row the position of its own."""

    name: str
    distinct: Numbers
    codes: Numbers
    texts: Texts | None

    def column(self) -> Column:
        if self.texts is None:
            return number_column(self.name, self.distinct, self.codes)
        return Column(self.name, "text", self.texts_of(self.texts), self.codes)

    def texts_of(self, texts: Texts) -> list[str]:
        """Return the text of each value that occurs."""
        return [texts[number] for number in self.distinct.tolist()]

    @property
    def plain(self) -> list[str]:
        """Each value that occurs, as it stands in a path without a format."""
        return self.texts_of(self.texts) if self.texts is not None else [str(n) for n in self.distinct.tolist()]


def kind_table(rows: KindColumns, kinds: Mapping[int, str], left_out: Sequence[LeftOutArtifact] = ()) -> Page:
    """Return the page of a kind.

    Parameters
    ----------
    kinds : names of kinds by their numbers in the catalog
    left_out : artifacts of the kind that the campaign leaves out
    """
    model = rows.model
    coordinates = {
        name: _Coordinate(name, *encode(numbers), rows.texts.get(name)) for name, numbers in rows.coordinates.items()
    }
    places = list(_place_columns(rows))
    columns = [*(one.column() for one in coordinates.values()), *_facts(rows, kinds), *places]
    content = {
        "kind": model.name,
        "rows": len(rows),
        "columns": [column.to_plain() for column in columns],
        "patterns": list(_patterns(rows, coordinates)),
    }
    shown = [name for name in FACTS if name != "root" or len(model.roots) > 1]
    numeric = {column.name for column in columns if column.type in ("number", "bytes")}
    page = KindPage(
        model.name,
        model.description,
        (model.path, *model.also),
        model.conditions,
        model.made_with,
        [(name, name in numeric) for name in (*coordinates, *shown)],
        [(one.path, one.reason) for one in left_out[:MOST_LEFT_OUT]],
        len(left_out),
    )
    data = {"rows": data_script("kindTable", content)}
    return Page(kind_page(model.name), model.name, "kind.html", page, data, SCRIPTS, STYLES)


def _facts(rows: KindColumns, kinds: Mapping[int, str]) -> list[Column]:
    """Return the columns beside the coordinates, except the path, which the browser builds from them."""
    places = np.array([ORDER.index(status.name) for status in Status])
    statuses, status_codes = encode(places[rows.statuses])
    return [
        Column("status", "status", [ORDER[place] for place in statuses.tolist()], status_codes),
        amount_column("size", "bytes", rows.sizes),
        amount_column("modified", "minutes", rows.minutes),
        _text_column("problem", rows.problems, {-1: "", **rows.wordings}),
        _blocked_by(rows, kinds),
        _text_column("purgeable", rows.purgeable, {0: "", 1: "yes"}),
    ]


def _place_columns(rows: KindColumns) -> Iterator[Column]:
    """Yield the columns of roots and templates, each where there are several."""
    roots, templates = np.divmod(rows.places, len(rows.model.templates))
    if len(rows.model.roots) > 1:
        yield _text_column("root", roots, dict(enumerate(rows.model.roots)))
    if rows.model.further:
        yield _text_column(TEMPLATE, templates, {number: str(number) for number in range(len(rows.model.templates))})


def _text_column(name: str, numbers: Numbers, texts: Texts) -> Column:
    """Return a column of texts, in the order of the numbers that stand for them."""
    distinct, codes = encode(numbers)
    return Column(name, "text", [texts[number] for number in distinct.tolist()], codes)


def _blocked_by(rows: KindColumns, kinds: Mapping[int, str]) -> Column:
    """Return the column with the first missing kind and the number missing: ``prop (8)``."""
    # Kind and number are one integer, so that each pair is encoded once.
    width = int(rows.blocked_counts.max(initial=0)) + 2
    distinct, codes = encode(rows.blocked_by * width + np.maximum(rows.blocked_counts, 0))
    pairs = [divmod(number, width) for number in distinct.tolist()]
    return Column("blocked_by", "counted", [f"{kinds[k]} ({n})" if k >= 0 else "" for k, n in pairs], codes)


def _patterns(rows: KindColumns, coordinates: Mapping[str, _Coordinate]) -> Iterator[dict[str, Any]]:
    """Yield the patterns of paths, each with its pieces and the codes of the ensemble, stream and template that it holds for."""
    occurring = np.unique(rows.places % len(rows.model.templates)).tolist()
    for code, template in enumerate(occurring):
        own = {TEMPLATE: code} if rows.model.further else {}
        for fixed, pattern in rows.model.templates[template]:
            if all(value in coordinates[name].plain for name, value in fixed.items()):
                codes = {name: coordinates[name].plain.index(value) for name, value in fixed.items()}
                pieces = [_piece(piece, coordinates, rows.texts) for piece in pattern.pieces]
                yield {"fixed": {**codes, **own}, "pieces": pieces}


def _piece(piece: Piece, coordinates: Mapping[str, _Coordinate], texts: Mapping[str, Texts]) -> Any:
    """Return a piece of a pattern: a text, a column with the texts of its formatted values, or pieces for each value."""
    if isinstance(piece, str):
        return piece
    if isinstance(piece, Field):
        formatted = texts[str(piece)[1:-1]] if piece.part or piece.spec else None
        one = coordinates[piece.name]
        return {"of": piece.name, **({} if formatted is None else {"texts": one.texts_of(formatted)})}
    return {"of": piece.on, "pieces": _options(piece, coordinates, texts)}


def _options(choice: Choice, coordinates: Mapping[str, _Coordinate], texts: Mapping[str, Texts]) -> list[list[Any]]:
    options = {str(value): [_piece(inner, coordinates, texts) for inner in pieces] for value, pieces in choice.options}
    return [options.get(value, []) for value in coordinates[choice.on].plain]
