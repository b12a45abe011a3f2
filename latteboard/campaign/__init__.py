"""The campaign: ensembles, kinds, relations, expected artifacts and needs, as ``campaign.toml`` states them."""

from latteboard.campaign.campaign import Campaign, likely_catalog, locate_catalog
from latteboard.campaign.kinds import Kind

__all__ = ["Campaign", "Kind", "likely_catalog", "locate_catalog"]
