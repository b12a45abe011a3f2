"""Checks of kinds whose artifacts are folders."""

from latteboard.campaign.kinds import Kind
from latteboard.campaign.model import Definition
from latteboard.campaign.path_checks import check_form
from latteboard.errors import CampaignError, Mistakes
from latteboard.names.templates import INSIDE


def check_folder(_: Definition, kind: Kind) -> None:
    """Require that a kind of folders says what they hold, and has no key that makes sense only for files; and the reverse."""
    table = kind.table
    held = [key for key in ("holds", "files") if getattr(table, key) is not None]
    folders = [key for key, one in zip(table.path_keys, kind.templates, strict=True) if one.is_folder]
    if held and not folders:
        raise CampaignError(f"only a folder holds files: end a path in /, or remove {' and '.join(held)}", key=held[0])
    if not folders:
        return
    if kind.inside:
        raise CampaignError(
            f"a folder cannot be a dataset inside a file: remove {INSIDE}, or the / at the end", key=folders[0]
        )
    for key in ("reduce", "datasets"):
        if getattr(table, key):
            raise CampaignError(f"a folder cannot have it: remove {key}, or the / at the end of {folders[0]}", key=key)
    if not held:
        raise CampaignError(
            'a path that ends in / is a folder: state what it must hold, as holds = ["v{vec}.bin"], or how many files at '
            "least, as files = 2000",
            key=folders[0],
        )


def check_holds(definition: Definition, kind: Kind) -> None:
    """Require well-formed paths of files in the folders of a kind."""
    with Mistakes() as mistakes:
        for key, template in zip(kind.table.holds_keys, kind.holds, strict=True):
            with mistakes.keep(key):
                if template.is_folder:
                    raise CampaignError(
                        "a folder in it is there if a file in that one is: name the files, without / at the end"
                    )
                for stream in definition.streams_of(kind):
                    check_form(definition.bind(template, stream), definition.relations.values)
