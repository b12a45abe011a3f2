"""The roots of a campaign: the folders, one a disk, below which its artifacts are looked for."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from latteboard.campaign.locations import located
from latteboard.errors import Mistakes


@dataclass(frozen=True)
class Root:
    """One root.

    Attributes
    ----------
    stated : as the campaign states it, by which people know it
    path : where it is
    """

    stated: str
    path: Path


def read_roots(stated: str | Sequence[str], folder: Path) -> tuple[Root, ...]:
    """The roots that a campaign in ``folder`` states, in its order: a copy on an earlier one counts before one on a later.

    Raises
    ------
    CampaignError : a variable in one is not set, some of them are the same folder, or one is inside another.
    """
    several = [stated] if isinstance(stated, str) else stated
    roots = []
    with Mistakes() as mistakes:
        for number, text in enumerate(several):
            with mistakes.keep("campaign.root" if isinstance(stated, str) else f"campaign.root[{number}]"):
                roots.append(Root(text, root_path(text, folder)))
    _check_apart(roots)
    return tuple(roots)


def root_path(stated: str, folder: Path) -> Path:
    """Where a root is that a campaign in ``folder`` states."""
    return located(folder, stated)


def _check_apart(roots: Sequence[Root]) -> None:
    """Refuse roots of which a file could be seen below two: it would be counted as two copies."""
    resolved = [root.path.resolve() for root in roots]
    with Mistakes() as mistakes:
        for number, path in enumerate(resolved):
            for earlier, other in enumerate(resolved[:number]):
                if path.is_relative_to(other) or other.is_relative_to(path):
                    where = "the same as" if path == other else "inside" if path.is_relative_to(other) else "around"
                    message = (
                        f"{roots[number].stated} is {where} {roots[earlier].stated}, once links are followed: {path}"
                    )
                    key = f"campaign.root[{number}]"
                    mistakes.add(f"{message}; expected folders apart from each other", key=key)
