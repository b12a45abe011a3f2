"""Guards of the books: an index refuses to believe that what mostly is an unmounted file system was deleted."""

import os
from pathlib import Path

from latteboard.campaign import Campaign
from latteboard.catalog import Catalog
from latteboard.catalog.updating.transaction import IndexTransaction
from latteboard.errors import BooksKept, LatteboardError
from latteboard.text import counted

MISSING = "the root does not exist"
EMPTY = "the root is empty"
MOUNTED = "is its file system mounted?"
KEPT = "The books were not changed."


def absence_of(root: Path) -> str | None:
    """Why nothing can be found below a root; None if something is there.

    Raises
    ------
    LatteboardError : it cannot be read.
    """
    try:
        with os.scandir(root) as entries:
            return EMPTY if next(entries, None) is None else None
    except FileNotFoundError:
        return MISSING
    except OSError as error:
        raise LatteboardError(
            f"{root}: the root cannot be read: {error.strerror}; the books were not changed"
        ) from error


def check_roots(campaign: Campaign, catalog: Catalog, *, accept_empty: bool) -> None:
    """Refuse an absent or empty root, unless ``accept_empty`` is given; of several, one may be empty that always was.

    Raises
    ------
    BooksKept : files on such a root are known, or there is no root with anything on it.
    LatteboardError : a root cannot be read.
    """
    absences = {number: absence_of(root.path) for number, root in enumerate(campaign.roots)}
    if accept_empty:
        return
    for number, absence in absences.items():
        root = campaign.roots[number].path
        if absence is not None and len(campaign.roots) > 1 and (known := catalog.files_below(campaign, number)):
            raise BooksKept(
                f"{root}: {absence}; {MOUNTED} {counted(known, 'artifact')} had a file there at the last index. {KEPT} "
                "If this is right, say --accept-empty"
            )
    if None not in absences.values():
        named = f" Expected the folder that the campaign {campaign.path} names." if absences[0] == MISSING else ""
        raise BooksKept(
            f"{campaign.root}: {absences[0]}; {MOUNTED}{named} {KEPT} "
            "If this is right, as at the start of a production, say --accept-empty"
        )


def check_losses(transaction: IndexTransaction, *, accept_empty: bool) -> None:
    """Refuse to lose more than half of the files at once, of all or of those below one root, unless ``accept_empty`` is given.

    Raises
    ------
    BooksKept : so many are gone.
    """
    if accept_empty:
        return
    roots = transaction.campaign.roots
    for number, root in enumerate(roots if len(roots) > 1 else ()):
        below = transaction.losses_below(number)
        if 2 * below.lost > below.before:
            elsewhere = f" ({below.elsewhere} of them are below other roots)" if below.elsewhere else ""
            _refuse(str(root.path), below.lost, below.before, elsewhere)
    if transaction.lost and 2 * transaction.lost > transaction.there_before:
        _refuse(", ".join(str(root.path) for root in roots), transaction.lost, transaction.there_before)


def _refuse(place: str, lost: int, before: int, elsewhere: str = "") -> None:
    raise BooksKept(
        f"{place}: {lost} of the {before} files that were there are gone{elsewhere}; is a file system not mounted? {KEPT} "
        "If this is right, say --accept-empty"
    )
