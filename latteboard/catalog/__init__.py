"""The catalog: the status of every expected artifact, in one SQLite file."""

from latteboard.catalog.catalog import Catalog
from latteboard.catalog.questions.selection import Artifact, Selection
from latteboard.status.states import RULES, Status

__all__ = ["RULES", "Artifact", "Catalog", "Selection", "Status"]
