"""From ``campaign.toml`` to ensembles, kinds, relations, expected artifacts and needs."""

from latteboard.campaign.campaign import Campaign, locate_catalog
from latteboard.campaign.kinds import Kind

__all__ = ["Campaign", "Kind", "locate_catalog"]
