"""The scan of one root: which folders it begins with, and the inventory of what it finds."""

from collections.abc import Iterator
from dataclasses import replace

from indexer.folder_scanner import FolderScanner
from indexer.inventory import FolderInventory, folders_named
from indexer.places import Plan
from indexer.readers import Readers
from indexer.report import FolderReport, Request
from indexer.scan import scan
from latteboard.campaign import Campaign
from latteboard.catalog.updating.observations import LastLook

# A settled folder is looked into at least once in so many fast passes: every third day where they run hourly.
SWEEP = 72


class RootScan:
    """The scan of one root of a campaign.

    Attributes
    ----------
    inventory : the folders that were found
    """

    def __init__(
        self, campaign: Campaign, root: int, plan: Plan, last: LastLook, request: Request, readers: Readers
    ) -> None:
        """``root`` is the number of the root; a root of which no folder is known is scanned as a whole."""
        known = last.roots[root]
        self._fast = request.fast and bool(known.folders)
        request = replace(request, fast=self._fast)
        self._first = sorted({*known.folders, *folders_named(known.unreadable)}) if self._fast else [""]
        self._known = len(known.folders)
        self._plan = plan
        self._scanner = FolderScanner(campaign, root, plan, known, request, readers)
        self.inventory = FolderInventory(campaign, root, plan, known, request, is_first=not last.is_current)

    def reports(self, threads: int | None) -> Iterator[FolderReport]:
        """Scan; ``threads`` as in :func:`indexer.scan.scan`."""
        listed = self._known // SWEEP if self._fast else self._known or len(self._plan.at)
        return self.inventory.collect(scan(self._scanner, self._first, listed, threads=threads))

    def drop_plan(self) -> None:
        """Release the memory of the plan once all is scanned."""
        del self._plan, self._scanner
        self.inventory.drop_plan()
