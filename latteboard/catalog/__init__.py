"""The catalog: the status of every expected artifact, in one SQLite file."""

from latteboard.catalog.catalog import Catalog
from latteboard.catalog.codes import RULES, Status
from latteboard.catalog.selection import Artifact, Selection

__all__ = ["RULES", "Artifact", "Catalog", "Selection", "Status"]
