"""latteboard keeps the books of a lattice-QCD production: what exists, what is missing, what can run next."""

from typing import TYPE_CHECKING, Any

from latteboard.version import __version__

if TYPE_CHECKING:
    from latteboard.campaign import Campaign
    from latteboard.catalog import Catalog
    from latteboard.names.templates import Source

__all__ = ["Campaign", "Catalog", "Source", "__version__"]


def __getattr__(name: str) -> Any:
    # Imported on first use: `latteboard --help` must not wait for SQLAlchemy and numpy.
    if name == "Campaign":
        from latteboard.campaign import Campaign

        return Campaign
    if name == "Catalog":
        from latteboard.catalog import Catalog

        return Catalog
    if name == "Source":
        from latteboard.names.templates import Source

        return Source
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
