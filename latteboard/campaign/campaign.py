"""A checked campaign: where its files and its catalog are, and which artifact a path belongs to."""

import tomllib
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import Self

from latteboard.campaign.checks import check_campaign
from latteboard.campaign.datasets import Datasets
from latteboard.campaign.digests import OWN, byte_digests, list_names
from latteboard.campaign.locations import expanded, located
from latteboard.campaign.model import Definition
from latteboard.campaign.roots import Root, read_roots
from latteboard.campaign.tables import DEFAULT_CATALOG, CampaignTable, read_tables, read_toml
from latteboard.campaign.validation import in_file
from latteboard.errors import CampaignError, within
from latteboard.names.parsing import PathParser
from latteboard.names.templates import Value


class Campaign(Definition):
    """A campaign that has passed every check.

    Attributes
    ----------
    path : the campaign file
    roots : the folders below which the files of the production are
    root : the first of them, below which new files are made
    catalog : the path of the catalog's file, or a database URL
    grace : the age below which a file may still be growing
    digests : of the campaign file and of the lists that it names, by name, as they were read
    """

    def __init__(self, path: Path, table: CampaignTable, digests: Mapping[str, str | None]) -> None:
        self.path = path
        self.digests = digests
        self.name = table.campaign.name
        self.grace: timedelta = table.campaign.grace
        self._parsers: dict[tuple[str, int, int], PathParser] = {}
        self._datasets: dict[str, Datasets] = {}
        self._holds: dict[str, Datasets] = {}
        super().__init__(table, path.parent)
        with self.mistakes.keep():
            self.catalog = catalog_url(path, table.campaign.catalog)
        with self.mistakes.keep():
            self.roots: tuple[Root, ...] = read_roots(table.campaign.root, path.parent)
            self.root = self.roots[0].path
        check_campaign(self)

    @classmethod
    def read(cls, path: str | Path) -> Self:
        """Read and check a campaign file; all that is wrong in it and its lists raises one :class:`CampaignError`."""
        path = Path(path)
        # The digests are those of before: an edit while the files are read is told as one, and not missed.
        own = byte_digests(path, [OWN])
        stated = read_toml(path)
        with in_file(path, stated):
            table = read_tables(stated)
            return cls(path, table, own | byte_digests(path, list_names(table)))

    def datasets(self, kind: str) -> Datasets:
        """The datasets that the files of a kind must hold."""
        if kind not in self._datasets:
            self._datasets[kind] = Datasets(self, self.kinds[kind], self.kinds[kind].datasets)
        return self._datasets[kind]

    def holds(self, kind: str) -> Datasets:
        """The files that the folders of a kind must hold, by their paths relative to the folder."""
        if kind not in self._holds:
            self._holds[kind] = Datasets(self, self.kinds[kind], self.kinds[kind].holds)
        return self._holds[kind]

    def path_of(self, kind: str, coordinates: Mapping[str, Value], template: int = 0) -> str:
        """The path of one artifact under one of its kind's templates, relative to the root; that of a new file is under 0.

        Raises
        ------
        CampaignError : the kind has no artifacts in this ensemble and stream.
        """
        for block in self.blocks(kind, template):
            if block.fixed.items() <= coordinates.items():
                return block.pattern.format(coordinates)
        where = ", ".join(f"{name} = {value}" for name, value in coordinates.items())
        raise CampaignError(f"no artifact has {where}", key=f"kinds.{kind}")

    def location(self, kind: str, row: int, place: int) -> tuple[int, str]:
        """The number of the root, and the path below it, of the artifact in a row of the expected ones in one of its places."""
        root, template = divmod(place, len(self.kinds[kind].templates))
        return root, self.path_of(kind, self.expected(kind).coordinates(row), template)

    def parse(self, path: str) -> tuple[str, dict[str, Value]] | None:
        """The kind and coordinates of the expected artifact with this path, relative to a root; None if there is none.

        It may be a path under any template of the kind. That of a folder may be said without the slash at its end.
        """
        for text in (path, f"{path}/") if self._has_folders else (path,):
            for kind, coordinates in self.matches(text):
                if self.expected(kind).index(coordinates) is not None:
                    return kind, coordinates
        return None

    @cached_property
    def _has_folders(self) -> bool:
        return any(kind.is_folder for kind in self.kinds.values())

    def matches(self, path: str) -> Iterator[tuple[str, dict[str, Value]]]:
        """Every kind of which a template matches ``path``, with the coordinates, whether or not the artifact is expected.

        A path that ends in a slash is a folder, any other is none.
        """
        for name, kind in self.kinds.items():
            for template in range(len(kind.templates)):
                for coordinates in self._read(path, name, template):
                    yield name, {coordinate: coordinates[coordinate] for coordinate in kind.coordinates}

    def _read(self, path: str, kind: str, template: int) -> Iterator[dict[str, Value]]:
        """The coordinates in a path, as each block of a kind reads it that can."""
        for number, block in enumerate(self.blocks(kind, template)):
            # Comparing the first literal text is much faster than the regular expression of the parser.
            first = block.pattern.pieces[0]
            if isinstance(first, str) and not path.startswith(first):
                continue
            key = (kind, template, number)
            if key not in self._parsers:
                self._parsers[key] = PathParser(block.pattern, self.relations.values)
            if (found := self._parsers[key].parse(path)) is not None:
                yield {**block.fixed, **found}


def catalog_url(campaign_file: Path, stated: str) -> str:
    """The catalog that a campaign file states as ``catalog``.

    A text with ``://`` is a database URL. Any other is the name of a file, relative to the campaign file, and is taken literally,
    whatever characters it has. Variables of the environment stand in both, and a home folder in a name, as
    :func:`~latteboard.campaign.locations.expanded` says.

    Examples
    --------
    >>> catalog_url(Path("run/campaign.toml"), "c?1#%20.db")
    'run/c?1#%20.db'
    >>> catalog_url(Path("run/campaign.toml"), "postgresql://host/books")
    'postgresql://host/books'

    Raises
    ------
    CampaignError : a variable is not set.
    """
    with within("campaign.catalog"):
        return expanded(stated) if "://" in stated else str(located(campaign_file.parent, stated))


def locate_catalog(campaign_file: Path) -> str:
    """The catalog that a campaign file states, as :func:`catalog_url` gives it; the rest of the file is not checked.

    Raises
    ------
    CampaignError : the file cannot be read, is not TOML, or states no text as its catalog.
    """
    header = read_toml(campaign_file).get("campaign")
    if not isinstance(header, dict):
        raise CampaignError(f"{campaign_file}: campaign: this table is missing")
    stated = header.get("catalog", DEFAULT_CATALOG)
    if not isinstance(stated, str):
        raise CampaignError(f"{campaign_file}: campaign.catalog: expected a text, found {stated!r}")
    with in_file(campaign_file, {"campaign": header}):
        return catalog_url(campaign_file, stated)


def likely_catalog(campaign_file: Path) -> str:
    """The catalog of a campaign file that is gone or broken: that of a whole line ``catalog = "..."``, else the usual one.

    Whether it is the catalog of this file, the catalog itself must say.
    """
    stated = DEFAULT_CATALOG
    with suppress(OSError):
        for line in campaign_file.read_text(encoding="utf-8", errors="replace").splitlines():
            with suppress(ValueError, RecursionError):
                found = tomllib.loads(line).get("catalog")
                stated = found if isinstance(found, str) else stated
    with in_file(campaign_file, {}):
        return catalog_url(campaign_file, stated)
